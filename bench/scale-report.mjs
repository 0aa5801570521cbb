// The tables of docs/scale.md, and what the terminal shows of a run.
import { readFileSync, writeFileSync } from 'node:fs'
import { machine, ms, perSecond, ratio, table, times, today, took, value, whole } from './figures.mjs'
import { pinned } from './process.mjs'
import { limitsOf } from './scale-rows.mjs'

const FROM = '<!-- tables of `npm run bench:scale -- --write` -->'
const TO = '<!-- end of tables -->'
const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
/** How many times as long the slowest hundredth may take on a big database. */
const P99_LIMIT = 1.3
/** Rows that a sign-in by code leaves in the end. Limits: of a browser, a network and a mailbox; the rest is shared. */
const ROWS_EACH = { challenges: 1, sessions: 1, events: 3, limits: 3 }

export function writeScale(report) {
  const file = new URL('../docs/scale.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const from = text.indexOf(FROM)
  const to = text.indexOf(TO)
  if (from < 0 || to < from) throw new Error('docs/scale.md has no place for tables')
  writeFileSync(file, `${text.slice(0, from + FROM.length)}\n\n${report}\n${text.slice(to)}`)
}

export function scaleReport(results, { rounds, seconds }) {
  return [
    `On ${today()}: ${machine()}. ${rounds} rounds of ${seconds} s in turns, 64 connections, ${pinned ? 'server and load each on a core of its own' : 'nothing pinned'}; medians of the ratios within a round.`,
    '### A big database against an empty one',
    results.map(aboutFilling).join('\n'),
    table(
      ['', ...results.flatMap(({ engine }) => [`${names[engine]}: empty`, 'filled', '×'])],
      [
        ['sign-ins /s', 'code', perSecond, whole],
        ['ask, ms p50', 'code', took('ask', 'p50'), ms],
        [`ask, ms p99 (≤ ${P99_LIMIT})`, 'code', took('ask', 'p99'), ms],
        ['verify, ms p50', 'code', took('verify', 'p50'), ms],
        [`verify, ms p99 (≤ ${P99_LIMIT})`, 'code', took('verify', 'p99'), ms],
        ['session checks /s', 'session', perSecond, whole],
        [`session check, ms p99 (≤ ${P99_LIMIT})`, 'session', took('session', 'p99'), ms],
      ].map(([title, scenario, pick, show]) => [title, ...results.flatMap((result) => compared(result, scenario, pick, show))]),
    ),
    '### Removing old rows while people sign in',
    table(
      ['', ...results.map(({ engine }) => names[engine])],
      [
        ['sign-ins /s meanwhile', ...results.map(({ purge }) => whole(value(busy(purge), perSecond)))],
        [
          'ask / verify, ms p99 meanwhile',
          ...results.map(({ purge }) => ['ask', 'verify'].map((what) => ms(value(busy(purge), took(what, 'p99')))).join(' / ')),
        ],
        ...Object.keys(ROWS_EACH).map((kind) => [
          `${kind} removed /s`,
          ...results.map(({ purge }) => whole(removedPerSecond(purge, kind))),
        ]),
        ['keeps up with so many sign-ins /s', ...results.map(({ purge }) => whole(keepsUpWith(purge)))],
      ],
    ),
    '### How rows are found',
    results.map(aboutPlans).join('\n'),
    '### Size',
    ...results.map(sizes),
  ].join('\n\n')
}

function aboutFilling({ engine, filled: { total, bytes, limit } }) {
  return `- **${names[engine]}**: ${whole(total)} users, challenges, mails and sessions, ${whole(5 * total)} events, about ${whole(limitsOf(total))} limits; ${(bytes / 1e9).toFixed(1)} GB.${limit === null ? '' : ` That is what fitted ${limit}.`}`
}

function compared({ rows }, scenario, pick, show) {
  const of = (name) => rows.filter((row) => row.name === name && row.scenario === scenario)
  return [show(value(of('empty'), pick)), show(value(of('filled'), pick)), times(ratio(of('filled'), of('empty'), pick))]
}

const busy = ({ windows }) => windows.filter(({ removed }) => Object.values(removed).some((count) => count > 0))

/** Of whole windows in which nothing else was removed; or of all in which it was. */
function removedPerSecond({ windows, kinds }, kind) {
  const rates = windows
    .map(({ removed, at }, index) => ({ removed, seconds: index === 0 ? null : (at - windows[index - 1].at) / 1_000 }))
    .filter(({ removed, seconds }) => seconds !== null && removed[kind] > 0)
  const alone = rates.filter(({ removed }) => kinds.every((other) => other === kind || removed[other] === 0))
  const chosen = alone.length > 0 ? alone : rates
  const sum = (pick) => chosen.reduce((total, one) => total + pick(one), 0)
  return chosen.length === 0 ? null : sum(({ removed }) => removed[kind]) / sum(({ seconds }) => seconds)
}

/** All kinds one after the other, at those rates, in the second in which so many sign-ins come. */
function keepsUpWith(purge) {
  const secondsEach = Object.entries(ROWS_EACH).map(([kind, rows]) => rows / (removedPerSecond(purge, kind) ?? Number.NaN))
  return 1 / secondsEach.reduce((sum, seconds) => sum + seconds, 0)
}

function aboutPlans({ engine, plans: { statements, scans } }) {
  return `- **${names[engine]}**: ${statements.length} statements of requests, outbox and purge, explained on the filled database: ${
    scans.length === 0 ? 'none reads a table, or a tenant’s part of one.' : `${scans.length} read too much: ${scans.join('; ')}`
  }`
}

function sizes({ engine, real: { signIns, sizes } }) {
  const tables = ['users', 'challenges', 'mails', 'sessions', 'events', 'limits']
  const rows = tables.map((name) => {
    const own = sizes.filter((one) => one.table === name)
    const data = own.filter((one) => one.name === name)
    const sum = (list) => list.reduce((total, { bytes }) => total + bytes, 0)
    return [name, sum(data), sum(own) - sum(data)]
  })
  const all = ['all', ...[1, 2].map((column) => rows.reduce((sum, row) => sum + row[column], 0))]
  const megabytes = (bytes) => whole(((bytes / signIns) * 1e6) / 1e6)
  return `${names[engine]}, MB for a million sign-ins by code of people who are new; measured on ${whole(signIns)}:

${table(
  ['', 'table', 'indexes beside it'],
  [...rows, all].map(([name, data, indexes]) => [name, megabytes(data), indexes === 0 ? '–' : megabytes(indexes)]),
)}`
}
