// Tables out of measurements. Every ratio is made within one round, between measurements that are seconds apart; the median of the
// rounds is shown.
import { cpus, totalmem } from 'node:os'
import { median, pinned } from './process.mjs'

export function report({ plan, measured, cold, rounds, seconds }) {
  const of = (name, scenario, connections) =>
    measured.filter((row) => row.name === name && row.scenario === scenario && row.connections === connections)
  const value = (rows, pick) => median(rows.map(pick))
  /** `rows` against `base`, round by round. */
  const ratio = (rows, base, pick) => median(rows.map((row, round) => pick(row) / pick(base[round])))
  const perSecond = (row) => row.perSecond
  const cpuEach = (row) => row.cpuEach

  const floor = of('floor', 'code', 64)
  const alone = of('alone', 'code', 64)
  const byCode = of('postkey', 'code', 64)
  const byLink = of('postkey', 'link', 64)
  const signIns = [
    ['floor, commits shared', floor],
    ['floor, one commit each', alone],
    ['**Postkey, by code**', byCode],
    ['**Postkey, by link**', byLink],
  ].map(([name, rows]) => {
    const time = (what, q) => value(rows, (row) => row.times[what][q])
    return [
      name,
      whole(value(rows, perSecond)),
      times(ratio(rows, floor, perSecond)),
      times(ratio(rows, alone, perSecond)),
      whole(value(rows, cpuEach)),
      times(ratio(rows, floor, cpuEach)),
      `${ms(time('ask', 'p50'))} / ${ms(time('ask', 'p99'))}`,
      ms(time('mail', 'p50')),
      `${ms(time('verify', 'p50'))} / ${ms(time('verify', 'p99'))}`,
    ]
  })

  const sessionFloor = of('floor', 'session', 64)
  const sessionPostkey = of('postkey', 'session', 64)
  const sessions = [
    ['floor', sessionFloor],
    ['**Postkey**', sessionPostkey],
  ].map(([name, rows]) => [
    name,
    whole(value(rows, perSecond)),
    times(ratio(rows, sessionFloor, perSecond)),
    whole(value(rows, cpuEach)),
    times(ratio(rows, sessionFloor, cpuEach)),
    `${ms(value(rows, (row) => row.times.session.p50))} / ${ms(value(rows, (row) => row.times.session.p99))}`,
  ])

  const loads = plan
    .filter(({ scenario }) => scenario === 'code')
    .map(({ connections }) => connections)
    .toSorted((a, b) => a - b)
  const byConnections = loads.map((connections) => {
    const base = of('floor', 'code', connections)
    const one = of('alone', 'code', connections)
    const own = of('postkey', 'code', connections)
    return [
      String(connections),
      whole(value(base, perSecond)),
      whole(value(one, perSecond)),
      whole(value(own, perSecond)),
      times(ratio(own, base, perSecond)),
      times(ratio(own, one, perSecond)),
    ]
  })

  const starts = cold.rows.map(({ mode, livezMs, signInMs, rss }) => [
    `\`postkey ${mode}\``,
    `${whole(livezMs)} ms`,
    `${whole(signInMs)} ms`,
    rss === null ? '–' : megabytes(rss),
  ])

  const cpuRatio = ratio(byCode, floor, cpuEach)
  const serve = cold.rows.find(({ mode }) => mode === 'serve')
  const targets = [
    ['sign-ins /s against the floor', '≥ 0.5', ratio(byCode, floor, perSecond), (got) => got >= 0.5, times],
    ['CPU of a sign-in against the floor', '≤ 3', cpuRatio, (got) => got <= 3, times],
    ['session checks /s against the floor', '≥ 0.5', ratio(sessionPostkey, sessionFloor, perSecond), (got) => got >= 0.5, times],
    ['start to first answer', '< 600 ms', serve.livezMs, (got) => got < 600, (got) => `${whole(got)} ms`],
    ['memory when idle', '< 100 MB', serve.rss, (got) => got < 100e6, megabytes],
  ].map(([name, target, got, met, show]) => [
    name,
    target,
    got === null ? '–' : show(got),
    got === null ? '–' : met(got) ? 'met' : '**missed**',
  ])

  const loadBusy = Math.max(...measured.map((row) => row.loadBusy))
  const serverBusy = value(byCode, (row) => row.busy)
  const [cpu] = cpus()
  return `# Speed

Made by \`npm run bench -- --write\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB.
Medians of ${rounds} round${rounds === 1 ? '' : 's'} of ${seconds} s each, in turns. Read the ratios: they are made within a round, and absolute figures move with the disk and with
whatever else the machine does.

**Floor**: bare \`node:http\`, the same SQLite driver, WAL with \`synchronous=FULL\`, and nothing but the three statements that a sign-in
by code needs. Once with the commits of waiting requests shared, as Postkey shares them, and once with a commit for each request.
**Postkey**: the server of \`postkey serve\` with everything on: limits, audit, sealed mail, outbox worker, origin check, log. Its limits are
raised, and its mails go to the load generator. Every person is new: an address, a network and a browser never seen before.

The load is a closed loop in a process of its own${pinned ? ', server and load each pinned to a core' : ''}; it used ${percent(loadBusy)} of a core at most, Postkey
${percent(serverBusy)} of one, ${megabytes(value(byCode, (row) => row.rss))} under load. Any answer but the expected one fails the run.

## Sign-ins, 64 connections

${table(['', 'sign-ins /s', '× floor', '× one commit each', 'CPU µs each', '× floor', 'ask ms p50 / p99', 'mail ms p50', 'verify ms p50 / p99'], signIns)}

## Session checks, 64 connections

${table(['', 'checks /s', '× floor', 'CPU µs each', '× floor', 'ms p50 / p99'], sessions)}

## Sign-ins by number of connections

${table(['connections', 'floor /s', 'one commit each /s', 'Postkey /s', '× floor', '× one commit each'], byConnections)}

## Cold start

Median of the runs, from spawning the process; \`node\` alone takes ${whole(cold.bareMs)} ms. Memory is resident, after five idle seconds.

${table(['', 'first 200 of /livez', 'first 200 of /sign-in', 'idle'], starts)}

## Targets

${table(['', 'target', 'measured', ''], targets)}
`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}

const whole = (number) => (number === null ? '–' : Math.round(number).toLocaleString('en'))
const times = (number) => (number === null ? '–' : number.toFixed(2))
const ms = (number) => (number === null ? '–' : number < 10 ? number.toFixed(1) : number.toFixed(0))
const percent = (part) => `${Math.round(part * 100)} %`
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`
