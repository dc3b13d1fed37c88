/** What the live link needs of a real browser. */

import type { LinkEnv } from "./link";

export const LIVE_PATH = "/api/v1/live";

export function browserEnv(): LinkEnv {
  return {
    open(cursor, events) {
      const url = new URL(LIVE_PATH, window.location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      if (cursor !== null) {
        url.searchParams.set("stream", cursor.stream);
        url.searchParams.set("seq", String(cursor.seq));
      }
      const socket = new WebSocket(url);
      socket.onmessage = (event) => events.message(event.data);
      socket.onclose = () => events.closed();
      return () => {
        socket.onmessage = null;
        socket.onclose = null;
        socket.close(1000);
      };
    },
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    after(ms, run) {
      const timer = window.setTimeout(run, ms);
      return () => window.clearTimeout(timer);
    },
    random: Math.random,
  };
}

/** Runs functions in a task of their own, behind the messages that have already arrived. */
export function afterThisTask(): (run: () => void) => void {
  const channel = new MessageChannel();
  let waiting: (() => void)[] = [];
  channel.port1.onmessage = () => {
    const due = waiting;
    waiting = [];
    for (const run of due) run();
  };
  return (run) => {
    waiting.push(run);
    if (waiting.length === 1) channel.port2.postMessage(null);
  };
}

/** Call `wake` whenever the browser says that waiting longer makes no sense. Returns how to stop. */
export function onReturn(wake: () => void): () => void {
  const whenVisible = () => {
    if (document.visibilityState === "visible") wake();
  };
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", whenVisible);
  return () => {
    window.removeEventListener("online", wake);
    window.removeEventListener("pageshow", wake);
    document.removeEventListener("visibilitychange", whenVisible);
  };
}
