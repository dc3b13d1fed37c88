/** The list of keys, and the switch that turns single ones off. */

import { Modal, Switch } from "@mantine/core";
import { useTranslation } from "../i18n";
import parts from "../parts/parts.module.css";
import css from "./shell.module.css";
import { singleKeys, useSingleKeys } from "./shortcuts";

const KEYS = [
  ["Ctrl K", "keys.search"],
  ["A", "keys.available"],
  ["P", "keys.pause"],
  ["O", "keys.offline"],
  ["N", "keys.note"],
  ["Ctrl ⏎", "keys.save"],
  ["1 – 9", "keys.choose"],
  ["C", "keys.create"],
  ["D", "keys.putAway"],
  ["?", "keys.help"],
] as const;

interface KeysHelpProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function KeysHelp({ opened, onClose }: KeysHelpProps) {
  const { t } = useTranslation();
  const on = useSingleKeys();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("keys.title")}
      closeButtonProps={{ "aria-label": t("keys.close") }}
      data-testid="keys"
    >
      <dl className={css.keys}>
        {KEYS.map(([key, text]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>
              <kbd className={parts.key}>{key}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
      <Switch
        label={t("keys.single")}
        description={t("keys.singleHint")}
        checked={on}
        onChange={(event) => singleKeys.set(event.currentTarget.checked)}
        data-testid="single-keys"
      />
    </Modal>
  );
}
