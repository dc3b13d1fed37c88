/** Prints what a browser loads as script before the desk can be used, compressed, and fails above the limit. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** First load of the agent's page: an old computer on a slow line still opens it in a few seconds. */
const LIMIT_KB = 300;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const scripts = new Set();
const styles = new Set();
function visit(key) {
  const chunk = manifest[key];
  if (chunk === undefined || scripts.has(chunk.file)) return;
  scripts.add(chunk.file);
  for (const file of chunk.css ?? []) styles.add(file);
  for (const next of chunk.imports ?? []) visit(next);
}
visit("index.html");

const kb = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0) / 1000;
const script = kb(scripts);
console.log(
  `first load, gzip: script ${script.toFixed(1)} kB (limit ${LIMIT_KB}), style ${kb(styles).toFixed(1)} kB`,
);
if (script > LIMIT_KB) {
  console.error(`the desk's first load is above ${LIMIT_KB} kB: move something behind a lazy import`);
  process.exit(1);
}
