// What Postkey wants to reach, and whether a run did.
import { cpuEach, megabytes, perSecond, ratio, times, took, whole } from './figures.mjs'

const atLeast = (limit) => ({ target: `≥ ${limit}`, met: (got) => got >= limit, show: times })
const atMost = (limit) => ({ target: `≤ ${limit}`, met: (got) => got <= limit, show: times })

export function targets({ engines, of, cold }) {
  const against = (engine, scenario, pick) => ratio(of(engine, 'postkey', scenario), of(engine, 'floor', scenario), pick)
  /** The worse of the two halves of a sign-in. */
  const worstTail = (engine) => {
    const tails = ['ask', 'verify'].map((what) => against(engine, 'code', took(what, 'p99')))
    return tails.includes(null) ? null : Math.max(...tails)
  }
  const serve = cold?.rows.find(({ title }) => title.includes('serve'))
  const rows = {
    sqlite: [
      ['SQLite: sign-ins /s against the floor', atLeast(0.5), against('sqlite', 'code', perSecond)],
      ['SQLite: CPU of a sign-in against the floor', atMost(3), against('sqlite', 'code', cpuEach)],
      ['SQLite: p99 of ask and verify against the floor', atMost(2), worstTail('sqlite')],
      ['SQLite: session checks /s against the floor', atLeast(0.5), against('sqlite', 'session', perSecond)],
    ],
    postgres: [
      ['PostgreSQL: sign-ins /s against the floor', atLeast(0.6), against('postgres', 'code', perSecond)],
      ['PostgreSQL: p99 of ask and verify against the floor', atMost(2), worstTail('postgres')],
      ['PostgreSQL: session checks /s against the floor', atLeast(0.5), against('postgres', 'session', perSecond)],
    ],
    cold: [
      ['start to first answer', { target: '< 600 ms', met: (got) => got < 600, show: (got) => `${whole(got)} ms` }, serve?.answerMs],
      ['memory when idle', { target: '< 100 MB', met: (got) => got < 100e6, show: megabytes }, serve?.rss],
    ],
  }
  return [...engines.flatMap((engine) => rows[engine]), ...(cold === null ? [] : rows.cold)].map(([name, { target, met, show }, got]) => ({
    name,
    target,
    shown: got === null ? '–' : show(got),
    met: got === null ? null : met(got),
  }))
}
