/** A stand-in for the server while one works on the desktop: the built files, a small API and a desk that
 *  scripts move through scenarios. Not part of the product; `node dev/server.mjs [port]` after a build.
 *
 *  POST /__dev {"scenario": "ringing"} puts that desk; {"drop": true} cuts the sockets; {"refuse": true} refuses
 *  new ones; {"mute": true} says nothing more; {"setup": true}, {"signedIn": false}, {"empty": true}, {"role"}. */

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { AMBIGUOUS, call, card, desk, NUMBERS, pop, record, row } from "./fixtures.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const now = () => Date.now() / 1000;
const flags = {
  setup: false,
  signedIn: true,
  empty: false,
  refuse: false,
  mute: false,
  role: "agent",
  language: "en",
  slow: 0,
};
const stream = `run-${process.pid}`;
const docs = desk("idle", now());
let seq = 0;
let past = [];
let lastSent = 0;
const sockets = new Set();
const notes = [];

function send(frame) {
  lastSent = Date.now();
  if (!flags.mute) for (const socket of sockets) socket.send(JSON.stringify(frame));
}

function put(key, doc) {
  docs[key] = doc;
  seq += 1;
  const frame = { t: "put", seq, now: now(), key, doc };
  past.push(frame);
  send(frame);
}

function del(key) {
  if (!(key in docs)) return;
  delete docs[key];
  seq += 1;
  const frame = { t: "del", seq, now: now(), key };
  past.push(frame);
  send(frame);
}

function become(next) {
  for (const key of Object.keys(docs)) if (!(key in next)) del(key);
  for (const [key, doc] of Object.entries(next))
    if (JSON.stringify(docs[key]) !== JSON.stringify(doc)) put(key, doc);
}

setInterval(() => {
  if (Date.now() - lastSent >= 5000) send({ t: "tick", seq, now: now() });
}, 250);

const CUSTOMERS = [
  card(),
  card({
    id: 2,
    number: "C-100231",
    name: "Elena Rivera",
    segment: "Gold",
    language: "en",
    city: "San Francisco",
  }),
  ...AMBIGUOUS,
  card({
    id: 14,
    number: "C-100990",
    name: "王芳",
    company: "上海晨光贸易有限公司",
    segment: "Business",
    city: "上海",
  }),
  card({
    id: 15,
    number: "C-101002",
    name: "Tom Reed",
    company: null,
    segment: "New",
    language: "en",
    city: "London",
  }),
];

const calls = () => [
  row(now(), {
    id: "pbx:1.1",
    arrived_at: now() - 260,
    answered_at: now() - 250,
    ended_at: now() - 10,
    customer: card({ id: 2, name: "Elena Rivera" }),
    number: NUMBERS.rivera,
    agent: "李娜",
  }),
  row(now(), {
    id: "pbx:1.2",
    arrived_at: now() - 900,
    answered_at: now() - 880,
    agent: "Ma Lin",
    number: NUMBERS.london,
    hold_seconds: 31,
    gap: true,
  }),
  row(now(), {
    id: "pbx:1.3",
    arrived_at: now() - 1700,
    answered_at: null,
    agent: null,
    outcome: "abandoned",
    talk_seconds: 0,
    number: NUMBERS.hidden,
  }),
  row(now(), {
    id: "pbx:1.5",
    arrived_at: now() - 4100,
    direction: "outbound",
    caller_name: "<script>alert(1)</script>",
    number: NUMBERS.rivera,
    queue: null,
  }),
  row(now(), {
    id: "pbx:1.6",
    arrived_at: now() - 90000,
    answered_at: null,
    agent: null,
    outcome: "missed",
    talk_seconds: 0,
    customer: card(),
  }),
];

const user = () => ({
  id: 1,
  login: flags.role === "agent" ? "lina" : "boss",
  name: flags.role === "agent" ? "李娜" : "Chen Wei",
  role: flags.role,
  language: flags.language,
  agent_id: flags.role === "agent" ? "a1" : null,
  extension: flags.role === "agent" ? "1001" : null,
});

const REASONS = [
  { id: "lunch", names: { en: "Lunch", zh: "午餐" } },
  { id: "break", names: { en: "Short break", zh: "小休" } },
  { id: "training", names: { en: "Training", zh: "培训" } },
  { id: "admin", names: { en: "Paperwork", zh: "文书工作" } },
];

const problem = (status, kind, detail, more = {}) => [
  status,
  { type: `urn:callcenter:problem:${kind}`, title: kind, status, detail, ...more },
];

let demoCall = 0;
function simulate(kind) {
  demoCall += 1;
  const id = `demo:${demoCall}`;
  const scenario = desk(kind === "known" || kind === undefined ? "ringing" : kind, now());
  const doc = Object.entries(scenario).find(([key]) => key.startsWith("call:"))[1];
  const behind = Object.entries(scenario).find(([key]) => key.startsWith("pop:"))[1];
  put("me", { ...docs.me, state: "ringing", since: now() });
  put(`call:${id}`, { ...doc, id, arrived_at: now() - 2, ringing_at: now() });
  put(`pop:${id}`, { ...behind, call_id: id });
}

function api(method, path, query, body) {
  const route = `${method} ${path}`;
  if (route === "GET /setup")
    return [
      200,
      {
        needed: flags.setup,
        demo: !flags.setup,
        sign_ins: flags.setup
          ? undefined
          : [
              { login: "lina", password: "demo", name: "李娜", role: "agent" },
              { login: "tom", password: "demo", name: "Tom Reed", role: "agent" },
              { login: "boss", password: "demo", name: "Chen Wei", role: "supervisor" },
            ],
      },
    ];
  if (route === "POST /setup") {
    if (body.password.length < 10)
      return problem(422, "invalid-input", "", {
        errors: [{ field: "password", message: "at least 10 characters" }],
      });
    flags.setup = false;
    return [201, {}];
  }
  if (route === "POST /session") {
    if (body.password === "wrong") return problem(401, "wrong-password", "Login or password is wrong.");
    flags.signedIn = true;
    flags.role = body.login === "boss" ? "supervisor" : "agent";
    return [200, { user: user(), csrf: "token" }];
  }
  if (!flags.signedIn) return problem(401, "not-signed-in", "Sign in first.");
  if (route === "GET /session")
    return [200, { user: user(), csrf: "token", demo: true, pause_reasons: REASONS, queues: [] }];
  if (route === "DELETE /session") {
    flags.signedIn = false;
    return [204];
  }
  if (route === "PUT /me/preferences") {
    flags.language = body.language;
    return [200, {}];
  }
  if (route === "PUT /me/state") {
    if (docs.me.state === "talking" && body.state === "offline")
      return problem(409, "not-now", "You are in a call; go offline when it has ended.");
    put("me", { ...docs.me, state: body.state, reason: body.reason ?? null, since: now() });
    return [200, {}];
  }
  if (route === "GET /customers") {
    const q = (query.get("q") ?? "").toLowerCase();
    const items = flags.empty ? [] : CUSTOMERS.filter((one) => JSON.stringify(one).toLowerCase().includes(q));
    return [200, { items }];
  }
  if (route === "POST /customers") {
    if (body.numbers[0]?.length < 4)
      return problem(422, "invalid", "", { errors: [{ field: "numbers.0", message: "is no phone number" }] });
    const made = card({
      id: 99,
      number: "C-200001",
      segment: "New",
      city: null,
      ...body,
      numbers: undefined,
      call_id: undefined,
    });
    if (body.call_id)
      put(
        `pop:${body.call_id}`,
        pop(now(), body.call_id, {
          match: { confidence: "chosen", candidates: [made] },
          customer: record(now(), {
            ...made,
            orders: [],
            tickets: [],
            notes: [],
            value_12m: null,
            owner: null,
            since: now(),
          }),
          calls: [],
        }),
      );
    return [201, made];
  }
  const customer = path.match(/^\/customers\/(\d+)(\/notes)?$/);
  if (customer && method === "GET") {
    const found = CUSTOMERS.find((one) => one.id === Number(customer[1]));
    return found
      ? [
          200,
          record(now(), {
            ...found,
            notes: [...notes, ...record(now()).notes],
            contacts: [
              {
                id: 1,
                name: "Chen Wei",
                role: "Purchasing",
                numbers: [{ ...NUMBERS.london, label: "direct" }],
              },
            ],
            calls: pop(now(), "").calls,
            missing: [],
          }),
        ]
      : problem(404, "not-found", "");
  }
  if (customer && method === "POST") {
    const note = {
      id: 100 + notes.length,
      text: body.text,
      at: now(),
      by: "李娜",
      call_id: body.call_id ?? null,
    };
    notes.unshift(note);
    return [201, note];
  }
  if (route === "GET /calls") return [200, { items: flags.empty ? [] : calls() }];
  const one = path.match(/^\/calls\/([^/]+)(\/\w+)?$/);
  if (one && method === "GET") {
    const found = calls().find((item) => item.id === one[1]);
    const at = found?.arrived_at ?? now();
    return found
      ? [
          200,
          {
            ...found,
            legs: [
              {
                leg: "l1",
                endpoint: "PJSIP/trunk",
                role: "outside",
                number: "+14155550142",
                agent: null,
                added_at: at,
                ended_at: at + 240,
                end_reason: "normal",
                talk: [[at + 12, at + 240]],
                hold: [[at + 100, at + 131]],
              },
              {
                leg: "l2",
                endpoint: "PJSIP/1001",
                role: "device",
                number: "1001",
                agent: "李娜",
                added_at: at + 4,
                ended_at: at + 240,
                end_reason: "normal",
                talk: [[at + 12, at + 240]],
                hold: [],
              },
            ],
            timeline: [
              {
                at,
                kind: "leg_added",
                text_key: "timeline.leg_added",
                params: {
                  role: "outside",
                  direction: "inbound",
                  number: "+14155550142",
                  endpoint: "PJSIP/trunk",
                },
              },
              {
                at: at + 0.1,
                kind: "call_identified",
                text_key: "timeline.call_identified",
                params: { confidence: "exact" },
              },
              {
                at: at + 1,
                kind: "entered_queue",
                text_key: "timeline.entered_queue",
                params: { queue: "Service" },
              },
              {
                at: at + 4,
                kind: "offered",
                text_key: "timeline.offered",
                params: { endpoint: "PJSIP/1001" },
              },
              {
                at: at + 12,
                kind: "offer_ended",
                text_key: "timeline.offer_ended",
                params: { endpoint: "PJSIP/1001", how: "answered" },
              },
              { at: at + 100, kind: "hold_started", text_key: "timeline.hold_started", params: {} },
              { at: at + 131, kind: "hold_ended", text_key: "timeline.hold_ended", params: {} },
              {
                at: at + 240,
                kind: "leg_ended",
                text_key: "timeline.leg_ended",
                params: { reason: "normal" },
              },
            ],
          },
        ]
      : problem(404, "not-found", "");
  }
  if (one && method === "PUT") {
    const key = `pop:${one[1]}`;
    const chosen = CUSTOMERS.find((item) => item.id === body.customer_id);
    put(key, {
      ...docs[key],
      match: { confidence: "chosen", candidates: [chosen] },
      customer: record(now(), chosen),
    });
    return [200, {}];
  }
  if (one && method === "DELETE") {
    del(`call:${one[1]}`);
    del(`pop:${one[1]}`);
    return [204];
  }
  if (route === "POST /demo/calls") {
    simulate(body.kind);
    return [202, {}];
  }
  return problem(404, "not-found", "");
}

function control(body) {
  for (const key of Object.keys(flags)) if (key in body) flags[key] = body[key];
  if (body.scenario) become(desk(body.scenario, now()));
  if (body.put) put(body.put.key, body.put.doc);
  if (body.del) del(body.del);
  if (body.ring) {
    put(`call:${body.ring}`, call(now(), { id: body.ring, ringing_at: now() }));
    put(`pop:${body.ring}`, pop(now(), body.ring));
  }
  if (body.drop) for (const socket of sockets) socket.terminate();
}

function readBody(request) {
  return new Promise((resolve) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => resolve(text === "" ? {} : JSON.parse(text)));
  });
}

function serveFile(path, response) {
  const wanted = join(DIST, normalize(path));
  const file =
    wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile()
      ? wanted
      : join(DIST, "index.html");
  if (!existsSync(file)) return response.writeHead(503).end("run npm run build first");
  response.writeHead(200, {
    "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    "Content-Security-Policy": CSP,
  });
  createReadStream(file).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/__dev") {
    control(await readBody(request));
    response.writeHead(204).end();
    return;
  }
  if (!url.pathname.startsWith("/api/v1")) return serveFile(url.pathname, response);
  const path = decodeURIComponent(url.pathname.slice("/api/v1".length));
  const [status, body] = api(request.method, path, url.searchParams, await readBody(request));
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response
    .writeHead(status, { "Content-Type": type })
    .end(body === undefined ? undefined : JSON.stringify(body));
});

const live = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  if (flags.refuse || !flags.signedIn) {
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    return;
  }
  live.handleUpgrade(request, socket, head, (ws) => {
    const asked = new URL(request.url, "http://localhost").searchParams;
    const from = Number(asked.get("seq"));
    sockets.add(ws);
    ws.on("close", () => sockets.delete(ws));
    if (asked.get("stream") === stream && from <= seq) {
      ws.send(JSON.stringify({ t: "resume", seq: from, now: now() }));
      for (const frame of past.filter((one) => one.seq > from)) ws.send(JSON.stringify(frame));
    } else ws.send(JSON.stringify({ t: "snapshot", stream, seq, now: now(), docs }));
    past = past.slice(-200);
  });
});

const port = Number(process.argv[2] ?? 8099);
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
