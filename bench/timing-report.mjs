// The report of a timing test: docs/timing.md, and what the terminal shows.
import { LIMITS } from './auc.mjs'
import { machine, table, today } from './figures.mjs'
import { pinned } from './process.mjs'
import { controls, probes, titles } from './timing-plan.mjs'

const engineNames = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

export const interval = ({ value, low, high }) => `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`
const micro = (ms) => `${ms < 0 ? '−' : ''}${Math.abs(ms * 1_000).toFixed(0)}`
const differenceOf = ({ difference: { value, low, high }, took }) => `${micro(value)} (${micro(low)} to ${micro(high)}) of ${micro(took)}`
const marked = { within: '', outside: ' **outside**', undecided: ' *undecided*' }
const cell = (row) => `${interval(row)}${marked[row.verdict]}`

export function report({ rows, checks, seed, pairs, load }) {
  const parts = [
    '# Timing',
    `Made by \`npm run bench:timing -- --write\` on ${today()}: ${machine()}; load ${load.join(' to ')}; seed ${seed}.
${
  pinned
    ? `The server has one core, the asker and everything else the other; but the mail server, which takes only what the others leave, stands beside
the server where PostgreSQL has the other core. On one core with the database it would slow down whatever comes right behind a real mail (0.55 of
the last column): a mail server should have a machine of its own, and in life nearly always has.`
    : 'Not pinned to cores.'
}`,
    `Somebody asks for the address of a person who has signed in before, and for one of another kind (in the last row: for one who is known at another
tenant only, and for one who is nowhere), each time from a network and a browser never seen before; which of the two comes first is drawn. The time of the whole answer is taken over a kept-alive connection. Right after
it, on a second connection, follow a look at \`/livez\` and somebody else's ask for an unknown address: what the first ask left to be done behind
its answer would slow these down. Then the asker waits until both mails are settled, and a drawn time of up to three milliseconds. The server is
that of \`postkey serve\`, its mail goes to a mail server in another process or to a port where nobody listens. In the first case of each table the
mail server waits 100 ms before its greeting, as many do; in the others it greets at once. The database is on a disk, with real syncs.`,
    `**AUC**: the chance that the first address took longer than the other (Mann–Whitney), with its 95 % interval for pairs; 0.5 tells nothing. It is
to lie within ${LIMITS.low.toFixed(2)}–${LIMITS.high.toFixed(2)}. A case ends before its ${pairs.toLocaleString('en')} pairs, but not before 1,000, where an interval half as wide again (three standard errors,
since there are many looks) lies within for all three, or outside for one. Where the interval crosses a limit, nothing is shown either way, and the
case goes on, up to twice as many pairs; *undecided* is what crosses one still. **µs**: median of the differences within pairs, first less other, and of the other's times.`,
  ]
  if (rows.length > 0) parts.push('## What can be told', ...caseTables(rows))
  if (checks.length > 0) parts.push('## Would it be seen', controlText(checks), controlTable(checks))
  const failed = checks.filter(({ held }) => held === false)
  if (failed.length > 0) parts.push(`**${failed.length} of the controls failed: the rest of this page proves nothing.**`)
  return `${parts.join('\n\n')}\n`
}

function caseTables(rows) {
  const names = [...new Set(rows.map(({ engine, name }) => `${engine} ${name}`))]
  return Object.entries(engineNames)
    .filter(([engine]) => rows.some((row) => row.engine === engine))
    .map(([engine, title]) => {
      const lines = names
        .filter((name) => name.startsWith(`${engine} `))
        .map((name) => {
          const mine = rows.filter((row) => `${row.engine} ${row.name}` === name)
          const [ask] = mine
          return [
            `${titles[ask.other]}${ask.one === undefined ? '' : `, known ${titles[ask.one]}`}, sign-up ${ask.signUp}${ask.smtp === 'down' ? ', mail server down' : ''}`,
            ask.pairs.toLocaleString('en'),
            ...mine.map(cell),
            differenceOf(ask),
          ]
        })
      return table(
        [`${title}: known against`, 'pairs', ...Object.values(probes).map((probe) => `AUC: ${probe}`), 'µs: the ask itself'],
        lines,
      )
    })
}

function controlText(checks) {
  return `Both addresses are known, and the server itself waits, busily, for one of them: before its answer, or right after it.
${Math.min(...checks.map((check) => check.pairs)).toLocaleString('en')} pairs each, up to three times as many for what was not seen by then, before the cases and on a server of their own. Where nothing was put in, nothing may be found; what stands in bold has to be, or the run fails.`
}

function controlTable(checks) {
  const engines = Object.keys(engineNames).filter((engine) => checks.some((check) => check.engine === engine))
  const lines = engines.flatMap((engine) =>
    controls.map(({ name }) => {
      const mine = checks.filter((check) => check.engine === engine && check.name === name)
      return [
        `${engineNames[engine]}: ${name}`,
        ...mine.map((check) => {
          const text = `${interval(check)} ${check.verdict === 'outside' ? 'found' : 'not found'}`
          const wanted = check.wanted === 'outside' ? `**${text}**` : text
          return check.held === false ? `${wanted} — **failed**` : wanted
        }),
        differenceOf(mine.find(({ probe }) => probe === 'ask')),
      ]
    }),
  )
  return table(['added', ...Object.values(probes).map((probe) => `AUC: ${probe}`), 'µs: the ask itself'], lines)
}
