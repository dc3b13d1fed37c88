/** Made-up people and calls for the mock server and the unit tests. Numbers are reserved for fiction. */

const DAY = 86_400;

export const card = (over = {}) => ({
  id: 1,
  number: "C-104882",
  name: "周建国",
  company: null,
  segment: "VIP",
  language: "zh-CN",
  city: "Shanghai",
  ...over,
});

const number = (raw, display, kind = "number") => ({
  raw,
  e164: kind === "number" ? raw : null,
  display,
  kind,
});

export const NUMBERS = {
  zhou: number("+8613800000199", "+86 138 0000 0199"),
  rivera: number("+14155550142", "+1 415-555-0142"),
  london: number("+442079460011", "+44 20 7946 0011"),
  hidden: number("anonymous", "", "anonymous"),
};

const order = (id, code, status, amount, ageDays, now, currency = "CNY") => ({
  id,
  number: code,
  status,
  placed_at: now - ageDays * DAY,
  due_at: now - (ageDays - 15) * DAY,
  total: { amount, currency },
  lines: [
    {
      sku: "KB-204",
      title: "Mechanical keyboard",
      quantity: 2,
      unit_price: { amount: "899.00", currency },
      total: { amount: "1798.00", currency },
    },
  ],
});

const ticket = (id, code, subject, status, priority, ageDays, dueIn, now) => ({
  id,
  number: code,
  subject,
  status,
  priority,
  created_at: now - ageDays * DAY,
  due_at: dueIn === null ? null : now + dueIn,
});

export function row(now, over = {}) {
  return {
    id: "pbx:1795000000.7",
    direction: "inbound",
    state: "ended",
    number: NUMBERS.zhou,
    caller_name: "",
    customer: null,
    queue: "Service",
    agent: "Ma Lin",
    arrived_at: now - 64 * DAY,
    answered_at: now - 64 * DAY + 21,
    ended_at: now - 64 * DAY + 273,
    wait_seconds: 21,
    talk_seconds: 252,
    hold_seconds: 0,
    outcome: "answered",
    gap: false,
    ...over,
  };
}

export function record(now, over = {}) {
  return {
    ...card(),
    since: now - 7.2 * 365 * DAY,
    owner: "Chen Wei",
    email: "jianguo.zhou@example.com",
    value_12m: { amount: "48920.00", currency: "CNY" },
    numbers: [
      { ...NUMBERS.zhou, label: "mobile" },
      { ...number("+862100000142", "+86 21 0000 0142"), label: "office" },
    ],
    contacts: [],
    orders: [
      order(1, "20261104-77", "late", "3290.00", 17, now),
      order(2, "20260918-12", "delivered", "899.00", 64, now),
      order(3, "20260701-40", "delivered", "12400.00", 143, now),
      order(4, "20260512-03", "returned", "459.50", 193, now),
    ],
    tickets: [
      ticket(1, "T-5521", "Where is my parcel?", "open", "high", 2, -21 * 3600, now),
      ticket(2, "T-5102", "Invoice address", "closed", "normal", 80, null, now),
    ],
    notes: [
      { id: 1, text: "Prefers to be called after 18:00.", at: now - 12 * DAY, by: "Li Na", call_id: null },
    ],
    ...over,
  };
}

export function pop(now, callId, over = {}) {
  return {
    call_id: callId,
    match: { confidence: "exact", candidates: [card()] },
    customer: record(now),
    calls: [
      row(now),
      row(now, {
        id: "pbx:1795000001.9",
        agent: null,
        arrived_at: now - 70 * DAY,
        answered_at: null,
        outcome: "abandoned",
        wait_seconds: 74,
        talk_seconds: 0,
      }),
    ],
    missing: [],
    ...over,
  };
}

export function call(now, over = {}) {
  return {
    id: "pbx:1795291309.42",
    direction: "inbound",
    state: "ringing",
    number: NUMBERS.zhou,
    caller_name: "ZHOU J",
    dialled: "8000",
    queue: "Service 中文",
    arrived_at: now - 38,
    ringing_at: now - 4,
    answered_at: null,
    ended_at: null,
    how: null,
    with: [],
    gap: false,
    ...over,
  };
}

export const me = (now, over = {}) => ({
  agent_id: "a1",
  name: "李娜",
  extension: "1001",
  state: "available",
  reason: null,
  since: now - 42,
  phone: "reachable",
  ...over,
});

export const queues = (now) => [
  { id: "q1", name: "Service 中文", waiting: 3, longest_since: now - 72 },
  { id: "q2", name: "Service EN", waiting: 1, longest_since: now - 20 },
  { id: "q3", name: "Orders", waiting: 0, longest_since: null },
];

export const recent = (now) => [
  {
    call_id: "pbx:1.1",
    at: now - 260,
    number: NUMBERS.rivera,
    name: "",
    customer: card({ id: 2, name: "Elena Rivera", number: "C-100231", segment: "Gold" }),
    how: "completed",
    by: null,
    talk_seconds: 252,
  },
  {
    call_id: "pbx:1.2",
    at: now - 900,
    number: NUMBERS.london,
    name: "",
    customer: null,
    how: "elsewhere",
    by: "Ma Lin",
    talk_seconds: 0,
  },
  {
    call_id: "pbx:1.3",
    at: now - 1700,
    number: NUMBERS.hidden,
    name: "",
    customer: null,
    how: "missed",
    by: null,
    talk_seconds: 0,
  },
  {
    call_id: "pbx:1.4",
    at: now - 2600,
    number: NUMBERS.zhou,
    name: "",
    customer: card(),
    how: "abandoned",
    by: null,
    talk_seconds: 0,
  },
  {
    call_id: "pbx:1.5",
    at: now - 4100,
    number: NUMBERS.rivera,
    name: "<script>alert(1)</script>",
    customer: null,
    how: "transferred",
    by: "Chen Wei",
    talk_seconds: 61,
  },
];

export const AMBIGUOUS = [
  card({
    id: 11,
    number: "C-100482",
    name: "Anna Bauer",
    company: "Bauer & Söhne GmbH",
    segment: "Business",
    language: "en",
    city: "Graz",
  }),
  card({
    id: 12,
    number: "C-100483",
    name: "Thomas Bauer",
    company: "Bauer & Söhne GmbH",
    segment: "Business",
    language: "en",
    city: "Graz",
  }),
  card({
    id: 13,
    number: "C-100731",
    name: "Ivana Nováková",
    company: null,
    segment: "Standard",
    language: "en",
    city: "Brno",
  }),
];

/** The documents of a desk by scenario; `now` is the server's time. */
export function desk(scenario, now) {
  const id = "pbx:1795291309.42";
  const base = {
    me: me(now),
    switch: { state: "live", since: now - 9000, detail: null },
    queues: queues(now),
    recent: recent(now),
  };
  const ringing = { ...base, me: me(now, { state: "ringing", since: now - 4 }) };
  const talking = { ...base, me: me(now, { state: "talking", since: now - 130 }) };
  const talk = call(now, {
    state: "talking",
    arrived_at: now - 168,
    ringing_at: now - 134,
    answered_at: now - 130,
    with: [{ name: "周建国", kind: "outside" }],
  });
  switch (scenario) {
    case "ringing":
      return { ...ringing, [`call:${id}`]: call(now), [`pop:${id}`]: pop(now, id) };
    case "likely":
      return {
        ...ringing,
        [`call:${id}`]: call(now),
        [`pop:${id}`]: pop(now, id, {
          match: { confidence: "likely", candidates: [card()] },
          missing: ["orders"],
          customer: record(now, { orders: [] }),
        }),
      };
    case "ambiguous":
      return {
        ...ringing,
        [`call:${id}`]: call(now, { number: NUMBERS.london, caller_name: "" }),
        [`pop:${id}`]: {
          call_id: id,
          match: { confidence: "ambiguous", candidates: AMBIGUOUS },
          customer: null,
          calls: [],
          missing: [],
        },
      };
    case "unknown":
      return {
        ...ringing,
        [`call:${id}`]: call(now, { number: NUMBERS.rivera, caller_name: "<script>alert('x')</script>" }),
        [`pop:${id}`]: {
          call_id: id,
          match: { confidence: "none", candidates: [] },
          customer: null,
          calls: [row(now, { id: "pbx:2.2", outcome: "missed", answered_at: null, arrived_at: now - 4000 })],
          missing: [],
        },
      };
    case "anonymous":
      return {
        ...ringing,
        [`call:${id}`]: call(now, { number: NUMBERS.hidden, caller_name: "" }),
        [`pop:${id}`]: {
          call_id: id,
          match: { confidence: "anonymous", candidates: [] },
          customer: null,
          calls: [],
          missing: [],
        },
      };
    case "unavailable":
      return {
        ...ringing,
        [`call:${id}`]: call(now),
        [`pop:${id}`]: {
          call_id: id,
          match: { confidence: "unavailable", candidates: [] },
          customer: null,
          calls: [],
          missing: ["database", "calls"],
        },
      };
    case "looking":
      return { ...ringing, [`call:${id}`]: call(now) };
    case "talking":
      return { ...talking, [`call:${id}`]: talk, [`pop:${id}`]: pop(now, id) };
    case "waiting-second":
      return {
        ...talking,
        [`call:${id}`]: talk,
        [`pop:${id}`]: pop(now, id),
        "call:pbx:9.9": call(now, { id: "pbx:9.9", number: NUMBERS.rivera, caller_name: "" }),
        "pop:pbx:9.9": pop(now, "pbx:9.9", {
          customer: record(now, {
            ...card({ id: 2, name: "Elena Rivera", number: "C-100231", segment: "Gold" }),
            orders: [],
            tickets: [],
          }),
        }),
      };
    case "held":
      return {
        ...talking,
        [`call:${id}`]: { ...talk, state: "held", gap: true },
        [`pop:${id}`]: pop(now, id),
      };
    case "ended":
      return {
        ...base,
        me: me(now, { since: now - 3 }),
        [`call:${id}`]: { ...talk, state: "ended", ended_at: now - 3, how: "completed" },
        [`pop:${id}`]: pop(now, id),
      };
    case "paused":
      return { ...base, me: me(now, { state: "paused", reason: "lunch", since: now - 1262 }) };
    case "offline":
      return { ...base, me: me(now, { state: "offline", since: now - 8 }), recent: [], queues: [] };
    case "unreachable":
      return {
        ...base,
        me: me(now, { phone: "unreachable" }),
        switch: { state: "down", since: now - 70, detail: null },
      };
    default:
      return base;
  }
}
