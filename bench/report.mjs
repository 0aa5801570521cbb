// The report of a run: docs/speed.md, and what the terminal shows.
import { cpuEach, machine, megabytes, ms, percent, perSecond, ratio, select, table, times, today, took, value, whole } from './figures.mjs'
import { NODE_FLAGS, pinned } from './process.mjs'
import { peers } from './servers.mjs'
import { targets } from './targets.mjs'

const engineNames = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

/** Who stands in a table of sign-ins, in this order. */
const signIns = [
  ['floor', 'floor', 'code'],
  ['floor, one commit each', 'alone', 'code'],
  ['**Postkey, by code**', 'postkey', 'code'],
  ['**Postkey, by link**', 'postkey', 'link'],
  ['Better Auth, by code', 'betterAuth', 'code'],
  ['Better Auth, by link', 'betterAuth', 'link'],
  ['Auth.js, by link', 'authJs', 'link'],
]
const everybody = [
  ['floor', 'floor'],
  ['**Postkey**', 'postkey'],
  ['Better Auth', 'betterAuth'],
  ['Auth.js', 'authJs'],
]

export function report({ measured, cold, rounds, seconds, warmFactor, connectionsMax, versions }) {
  const engines = Object.keys(engineNames).filter((engine) => measured.some((row) => row.engine === engine))
  const withPeers = measured.some(({ name }) => name in peers)
  const of = (engine, name, scenario, connections = connectionsMax) => select(measured, engine, name, scenario, connections)
  const postkey = measured.filter(
    ({ name, scenario, connections }) => name === 'postkey' && scenario === 'code' && connections === connectionsMax,
  )
  const parts = [
    '# Speed',
    `Made by \`npm run bench -- --write\` on ${today()}: ${machine()}.
Medians of ${rounds} round${rounds === 1 ? '' : 's'}, up to ${seconds} s each, in turns. Read the ratios: they are made within a round, and absolute figures move with the
disk and with whatever else the machine does.`,
    `**Floor**: bare \`node:http\`, the same driver, the same durability, and nothing but the three statements that a sign-in by code needs. On
SQLite the commits of waiting requests are shared, as Postkey shares them; *one commit each* is the same without that. On PostgreSQL
each request is one round trip and one transaction.
**Postkey**: the server of \`postkey serve\` with everything on: limits, audit, sealed mail, outbox worker, origin check, log. Its limits are
raised, and its mails go to the load generator. Every person is new: an address, a network and a browser never seen before.`,
    ...(withPeers ? [aboutPeers(versions, warmFactor)] : []),
    `**Databases**: SQLite in WAL with \`synchronous=FULL\` for everybody; PostgreSQL with \`fsync\` on, ${pinned ? "on the load generator's core, " : ''}reached
over TCP by \`pg\`.`,
    `The load is a closed loop of ${connectionsMax} connections in a process of its own${pinned ? ', server and load each pinned to a core' : ''}, so every time includes waiting
for the ${connectionsMax - 1} others. It used ${percent(Math.max(...measured.map((row) => row.loadBusy)))} of its core at most, Postkey ${percent(value(postkey, (row) => row.busy))} of its own. A sign-in by code takes two requests, one by
link three with Postkey: the page that the link opens presents it. ${withPeers ? 'Better Auth takes two for either, Auth.js three, the first for a CSRF token. ' : ''}
Every server runs with \`node ${NODE_FLAGS.join(' ')}\`, as docs/operating.md advises.
Other pages are not fetched. Any answer but the expected one fails the run.`,
    ...engines.flatMap((engine) => tablesOf(engine, (...rest) => of(engine, ...rest))),
    ...(withPeers ? ['## Postkey and its peers', comparison(engines, of)] : []),
    ...(engines.includes('sqlite')
      ? ['## Sign-ins by number of connections, SQLite', byConnections([1, 8, connectionsMax], (...rest) => of('sqlite', ...rest))]
      : []),
    ...(cold === null ? [] : ['## Cold start', coldStarts(cold)]),
    '## Targets',
    table(
      ['', 'target', 'measured', ''],
      targets({ engines, of, cold }).map(({ name, target, shown, met }) => [
        name,
        target,
        shown,
        met === null ? '–' : met ? 'met' : '**missed**',
      ]),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

function aboutPeers(versions, warmFactor) {
  return `**Peers**: Better Auth ${versions['better-auth']} with its magic-link and email-otp plugins and its handler for \`node:http\`; Auth.js (\`@auth/core\`
${versions['@auth/core']}) with sign-in by mailed link, which is all it has, the adapters \`@auth/kysely-adapter\` and \`@auth/pg-adapter\`, and sessions in
the database. Production mode, limits raised, logs of errors only. In their favour: no sweep of expired rows while signing in,
indexes that a schema left out, prepared SQLite statements. Both hand the mail over while the request waits. Each was warmed up for
${Object.values(peers)
  .map(({ title, warmSeconds }) => `${Number((warmSeconds * warmFactor).toFixed(1))} s (${title})`)
  .join(' and ')} before the first round.`
}

function tablesOf(engine, of) {
  const floor = of('floor', 'code')
  const alone = of('alone', 'code')
  const ofDatabase = engine === 'postgres' ? ["PostgreSQL's"] : []
  const signInRows = signIns
    .map(([title, name, scenario]) => [title, of(name, scenario)])
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => [
      title,
      whole(value(rows, perSecond)),
      times(ratio(rows, floor, perSecond)),
      ...(alone.length > 0 ? [times(ratio(rows, alone, perSecond))] : []),
      whole(value(rows, cpuEach)),
      times(ratio(rows, floor, cpuEach)),
      ...ofDatabase.map(() => whole(value(rows, (row) => row.databaseEach))),
      quantiles(rows, 'ask'),
      ms(value(rows, took('mail', 'p50'))),
      quantiles(rows, 'verify'),
      megabytes(value(rows, (row) => row.rss)),
    ])
  const simple = (scenario, what) => {
    const base = of('floor', scenario)
    return everybody
      .map(([title, name]) => [title, of(name, scenario)])
      .filter(([, rows]) => rows.length > 0)
      .map(([title, rows]) => [
        title,
        whole(value(rows, perSecond)),
        times(ratio(rows, base, perSecond)),
        whole(value(rows, cpuEach)),
        times(ratio(rows, base, cpuEach)),
        quantiles(rows, what),
      ])
  }
  const name = engineNames[engine]
  const againstAlone = alone.length > 0 ? ['× one commit each'] : []
  return [
    `## Sign-ins, ${name}`,
    table(
      [
        '',
        'sign-ins /s',
        '× floor',
        ...againstAlone,
        'CPU µs each',
        '× floor',
        ...ofDatabase,
        'ask ms p50 / p99',
        'mail ms p50',
        'verify ms p50 / p99',
        'memory',
      ],
      signInRows,
    ),
    `## Starts only, ${name}`,
    'Asking, and the mail leaving; nobody comes back with it.',
    table(['', 'starts /s', '× floor', 'CPU µs each', '× floor', 'ms p50 / p99'], simple('start', 'ask')),
    `## Session checks, ${name}`,
    table(['', 'checks /s', '× floor', 'CPU µs each', '× floor', 'ms p50 / p99'], simple('session', 'session')),
  ]
}

/** How many times as much Postkey does, and for how much less of the processor. */
function comparison(engines, of) {
  const pairs = [
    ['Better Auth, by code', 'betterAuth', 'code'],
    ['Better Auth, by link', 'betterAuth', 'link'],
    ['Better Auth, starts', 'betterAuth', 'start'],
    ['Better Auth, session checks', 'betterAuth', 'session'],
    ['Auth.js, by link', 'authJs', 'link'],
    ['Auth.js, starts', 'authJs', 'start'],
    ['Auth.js, session checks', 'authJs', 'session'],
  ]
  const rows = pairs.map(([title, name, scenario]) => [
    title,
    ...engines.flatMap((engine) => {
      const own = of(engine, 'postkey', scenario)
      const other = of(engine, name, scenario)
      return [times(ratio(own, other, perSecond)), times(ratio(other, own, cpuEach))]
    }),
  ])
  const head = engines.flatMap((engine) => [`${engineNames[engine]}: Postkey's /s ÷ its`, `its CPU ÷ Postkey's`])
  return table(['Postkey against', ...head], rows)
}

function byConnections(loads, of) {
  return table(
    ['connections', 'floor /s', 'one commit each /s', 'Postkey /s', '× floor', '× one commit each'],
    loads.map((connections) => {
      const [base, one, own] = ['floor', 'alone', 'postkey'].map((name) => of(name, 'code', connections))
      return [
        String(connections),
        ...[base, one, own].map((rows) => whole(value(rows, perSecond))),
        times(ratio(own, base, perSecond)),
        times(ratio(own, one, perSecond)),
      ]
    }),
  )
}

function coldStarts({ rows, idleSeconds, bareMs }) {
  const starts = rows.map(({ title, answerMs, pageMs, rss }) => [
    title,
    `${whole(answerMs)} ms`,
    pageMs === null ? '–' : `${whole(pageMs)} ms`,
    megabytes(rss),
  ])
  return `On SQLite. Median of the runs, from spawning the process to the first good answer: of /livez, or where there is none, of the session
check. The peers find their tables made; the others make them. \`node\` alone takes ${whole(bareMs)} ms. Memory is resident, after ${idleSeconds} idle s.

${table(['', 'first answer', 'first 200 of /sign-in', 'idle'], starts)}`
}

function quantiles(rows, what) {
  return `${ms(value(rows, took(what, 'p50')))} / ${ms(value(rows, took(what, 'p99')))}`
}
