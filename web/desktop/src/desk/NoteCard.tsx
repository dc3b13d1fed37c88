/** The note of a call or customer: kept on each keystroke, saved on demand, never taken away while one types. */

import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { CallDoc, Note } from "../api/contract";
import { server } from "../api/server";
import { useSession } from "../entry/session";
import { useFormats, useTranslation } from "../i18n";
import { useLive, useMe, usePop } from "../live/hooks";
import { Card, Empty, KeyHint, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { useShortcut } from "../shell/shortcuts";
import { troubleText } from "../shell/trouble";
import css from "./desk.module.css";
import { draftsOf, useDraft, useDrafts } from "./drafts";
import { noteSaved } from "./saved";
import { whoCalls } from "./who";

/** What a note is about, as far as it is known. */
export interface NoteSubject {
  /** The draft's key: a call's id, or `customer:<id>`. */
  readonly key: string;
  readonly callId: string | null;
  readonly customerId: number | null;
  readonly name: string;
}

function useSaveNote(subject: NoteSubject) {
  const queries = useQueryClient();
  const { user } = useSession();
  return useMutation({
    mutationFn: ({ customerId, text }: { customerId: number; text: string }) =>
      server.addNote(customerId, text, subject.callId ?? undefined),
    onSuccess: (note: Note, { customerId, text }) => {
      noteSaved(customerId, note);
      // Whoever typed on while it was saved keeps the rest.
      const drafts = draftsOf(user.id);
      if (drafts.all().get(subject.key)?.text.trim() === text) drafts.remove(subject.key);
      void queries.invalidateQueries({ queryKey: ["customer", customerId] });
    },
  });
}

interface EditorProps {
  readonly subject: NoteSubject;
  readonly onFocus?: () => void;
  readonly onBlur?: () => void;
}

export function NoteEditor({ subject, onFocus, onBlur }: EditorProps) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const { user } = useSession();
  const { clock } = useLive();
  const { draft, write } = useDraft(user.id, subject.key);
  const save = useSaveNote(subject);
  const area = useRef<HTMLTextAreaElement>(null);
  useShortcut("n", () => area.current?.focus());

  const text = draft?.text ?? "";
  const { customerId } = subject;
  const ready = text.trim() !== "" && customerId !== null && !save.isPending;
  const submit = () => {
    if (ready && customerId !== null) save.mutate({ customerId, text: text.trim() });
  };
  const type = (next: string) => {
    save.reset();
    write({ text: next, at: clock.at(performance.now()), customerId, name: subject.name });
  };
  let status: string | null = null;
  if (save.isPending) status = t("note.saving");
  else if (draft !== undefined) status = t("note.draft", { time: formats.timeSeconds(draft.at) });
  else if (save.data !== undefined) status = t("note.saved", { time: formats.timeSeconds(save.data.at) });
  return (
    <>
      <Textarea
        ref={area}
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
        onFocus={onFocus}
        onBlur={onBlur}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
        }}
        placeholder={t("note.placeholder")}
        aria-label={`${t("note.title")} ${t("note.for", { name: subject.name })}`}
        aria-keyshortcuts="N"
        rows={4}
        classNames={{ input: css.noteArea }}
        maxLength={10_000}
        data-testid="note-text"
      />
      <div className={css.noteFoot}>
        <span className={css.noteStatus} data-testid="note-status" role="status">
          {status}
        </span>
        <Button
          size="xs"
          disabled={!ready}
          loading={save.isPending}
          onClick={submit}
          aria-keyshortcuts="Control+Enter"
          data-testid="note-save"
          rightSection={<KeyHint>Ctrl ⏎</KeyHint>}
        >
          {t("note.save")}
        </Button>
      </div>
      {customerId === null && text.trim() !== "" ? <Empty>{t("note.needsCustomer")}</Empty> : null}
      <Trouble testId="note-trouble">
        {save.isError ? troubleText(save.error, t, i18n.language) : null}
      </Trouble>
    </>
  );
}

/** Once the call has left the desk, what is known of it stands in the draft. */
function useSubject(call: CallDoc): NoteSubject {
  const { t } = useTranslation();
  const { user } = useSession();
  const pop = usePop(call.id);
  const { draft } = useDraft(user.id, call.id);
  if (pop === undefined && draft !== undefined) {
    return { key: call.id, callId: call.id, customerId: draft.customerId, name: draft.name };
  }
  return {
    key: call.id,
    callId: call.id,
    customerId: pop?.customer?.id ?? null,
    name: whoCalls(call, pop, t),
  };
}

interface ForCallProps {
  readonly call: CallDoc;
  readonly onFocus: () => void;
  readonly onBlur: () => void;
}

function NoteForCall({ call, ...focus }: ForCallProps) {
  const { t } = useTranslation();
  const subject = useSubject(call);
  return (
    <Card
      title={t("note.title")}
      testId="note"
      aside={
        <span className={css.noteFor} dir="auto">
          {t("note.for", { name: subject.name })}
        </span>
      }
    >
      <NoteEditor key={subject.key} subject={subject} {...focus} />
    </Card>
  );
}

function UnsavedNote({ draftKey }: { readonly draftKey: string }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const { user } = useSession();
  const { draft, discard } = useDraft(user.id, draftKey);
  const callId = draftKey.startsWith("customer:") ? null : draftKey;
  const save = useSaveNote({
    key: draftKey,
    callId,
    customerId: draft?.customerId ?? null,
    name: draft?.name ?? "",
  });
  if (draft === undefined) return null;
  const { customerId } = draft;
  return (
    <li data-testid="unsaved-note">
      <span className={css.unsavedHead}>
        <strong dir="auto">{draft.name || t("note.unknownOne")}</strong>
        <span className={parts.dim}>{formats.time(draft.at)}</span>
      </span>
      <span className={css.noteText} dir="auto">
        {draft.text}
      </span>
      <span className={css.unsavedFoot}>
        {customerId === null ? null : (
          <Button
            size="compact-xs"
            loading={save.isPending}
            onClick={() => save.mutate({ customerId, text: draft.text.trim() })}
          >
            {t("note.save")}
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={discard}>
          {t("note.discard")}
        </Button>
      </span>
      <Trouble>{save.isError ? troubleText(save.error, t, i18n.language) : null}</Trouble>
    </li>
  );
}

/** Notes typed in calls that have left the desk: nothing typed is ever lost silently. */
function UnsavedNotes({ elsewhere }: { readonly elsewhere: ReadonlySet<string> }) {
  const { t } = useTranslation();
  const { user } = useSession();
  const drafts = useDrafts(user.id);
  const keys = [...drafts.keys()].filter((key) => !elsewhere.has(key));
  if (keys.length === 0) return null;
  return (
    <Card title={t("note.unsaved")} testId="unsaved-notes">
      <Empty>{t("note.unsavedHint")}</Empty>
      <ul className={css.unsaved}>
        {keys.map((key) => (
          <UnsavedNote key={key} draftKey={key} />
        ))}
      </ul>
    </Card>
  );
}

interface NotesProps {
  readonly calls: readonly CallDoc[];
  readonly shown: CallDoc | null;
}

/** The note of the call that is shown. While somebody types in it, it stays with the call it belongs to. */
export function Notes({ calls, shown }: NotesProps) {
  const { t } = useTranslation();
  const [typingIn, setTypingIn] = useState<CallDoc | null>(null);
  const bound = typingIn ?? shown;
  const answers = useMe() !== undefined;
  const elsewhere = new Set([...calls.map((call) => call.id), ...(bound === null ? [] : [bound.id])]);
  return (
    <>
      {bound === null && !answers ? null : bound === null ? (
        <Card title={t("note.title")} testId="note">
          <Empty>{t("note.noCall")}</Empty>
        </Card>
      ) : (
        <NoteForCall
          key={bound.id}
          call={bound}
          onFocus={() => setTypingIn(bound)}
          onBlur={() => setTypingIn(null)}
        />
      )}
      <UnsavedNotes elsewhere={elsewhere} />
    </>
  );
}
