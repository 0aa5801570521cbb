// What strangers learn, and what they can have taken.
import { type Case, must, type Scene } from '../case.ts'
import { clearDifference, median, PAIRS } from '../timing.ts'

const INVALID = [
  'a@x.example,b@y.example',
  'a@x.example;b@y.example',
  'a@x.example b@y.example',
  'Name <a@x.example>',
  '<a@x.example>b@y.example',
  'a@x.example\r\nBcc: b@y.example',
  'a@[127.0.0.1]',
  '"a b"@x.example',
  'a@x',
  '-f@x..example',
]

/** Headers whose values are random or of the moment. */
const VARIABLE = /^(date|x-request-id|set-cookie|location|etag|cf-.*|report-to|nel|server-timing|age)$/

function shapeOf(headers: Headers): string {
  return [...headers]
    .map(([name, value]) => (VARIABLE.test(name) ? name : `${name}: ${value}`))
    .sort()
    .join('\n')
}

const cookieShapes = (set: readonly string[]): string =>
  set
    .map((line) => line.replace(/=[^;]*/, (value) => `=${value.length}`).replace(/expires=[^;]*/i, 'expires'))
    .sort()
    .join('\n')

/** Without what belongs to the request, or to the moment. */
function masked(text: string, email: string, id: string): string {
  return text
    .replaceAll(email, 'ADDRESS')
    .replaceAll(id === '' ? 'ID' : id, 'ID')
    .replaceAll(/(?<![0-9A-Za-z])[0-9A-Za-z]{16,43}(?![0-9A-Za-z])/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?|\b\d\d:\d\d(?::\d\d)?\b|(?<=data-[a-z-]+=")\d+(?=")|\b\d{10,13}\b/g, 'TIME')
}

function firstDifference(one: string, other: string): string {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 30), at + 60))
  return `${around(one)} and ${around(other)}`
}

/** Of each pair the known first; which of them is asked for first changes. */
async function timed(scene: Scene, known: readonly string[]): Promise<readonly (readonly [number, number])[]> {
  const ms = async (email: string): Promise<number> => {
    const person = await scene.person()
    return (await scene.system.ask(person, email)).answer.ms
  }
  const pairs: [number, number][] = []
  for (const [nth, email] of known.entries()) {
    const before = nth % 2 === 0 ? await ms(email) : null
    const unknown = await ms(scene.address())
    pairs.push([before ?? (await ms(email)), unknown])
  }
  return pairs
}

export const strangers: readonly Case[] = [
  {
    id: 'EN-01',
    area: 'strangers',
    title: 'somebody who is known and somebody who is not get the same answer: status, headers, cookies, page',
    remedy: 'answer before you know, and write the same rows for both',
    mail: true,
    run: async (scene) => {
      const known = await scene.signedIn()
      const seen = async (email: string) => {
        const person = await scene.person()
        const before = person.set.length
        const { answer, id } = await scene.system.ask(person, email)
        const page = answer.location === '' ? answer : await person.get(answer.location)
        return {
          status: `${answer.status}, ${page.status}`,
          headers: `${shapeOf(answer.headers)}\n${shapeOf(page.headers)}`.replaceAll(/content-length: \d+/g, 'content-length'),
          cookies: cookieShapes(person.set.slice(before)),
          page: masked(page.text, email, id),
        }
      }
      const [one, other] = [await seen(known.email), await seen(scene.address())]
      for (const part of ['status', 'headers', 'cookies', 'page'] as const)
        must(one[part] === other[part], `different ${part}: ${firstDifference(one[part], other[part])}`)
      return 'the same, but for what is random'
    },
  },
  {
    id: 'EN-02',
    area: 'strangers',
    title: `asking for somebody who is known takes about as long as for somebody who is not, as far as ${PAIRS} pairs can tell`,
    remedy: 'do the same work for both, and send mails after the answer, out of a queue',
    mail: true,
    run: async (scene) => {
      const known = await scene.known(PAIRS)
      const first = await timed(scene, known)
      const once = clearDifference(first)
      // So few can mislead: what is clear has to be so again.
      const again = once === null ? null : clearDifference(await timed(scene, known))
      const [one, other] = [0, 1].map((nth) => Math.round(median(first.map((pair) => pair[nth] as number))))
      const told = `known ${one} ms, unknown ${other} ms, medians of ${PAIRS}`
      must(once === null || again === null || Math.sign(once) !== Math.sign(again), `${told}; in every pair, and so again`)
      return `${told}; small differences take thousands`
    },
  },
  {
    id: 'IN-02',
    area: 'strangers',
    title: `what is no plain address is refused: ${INVALID.length} ways to write two, or none`,
    remedy: 'take one ASCII address, and nothing that a mail library might read as a list',
    mail: false,
    run: async ({ system, person: newcomer }) => {
      const person = await newcomer()
      for (const email of INVALID) {
        const { answer } = await system.ask(person, email)
        must(answer.status >= 400 && answer.status < 500, `${JSON.stringify(email)} answers ${answer.status}`)
      }
      return `${INVALID.length} refused`
    },
  },
  {
    id: 'IN-08',
    area: 'strangers',
    title: 'what was typed stands in the page as text only',
    remedy: 'escape it, and allow no inline script',
    mail: false,
    run: async ({ system, person: newcomer }) => {
      const person = await newcomer()
      const { answer } = await system.ask(person, '"><script>alert(1)</script>@x.example')
      must(!answer.text.includes('<script>alert'), 'the page holds the script')
      return 'escaped, or not there'
    },
  },
  {
    id: 'AU-11',
    area: 'strangers',
    title: 'nothing of the inside is served: sources, settings, metrics, traces',
    remedy: 'serve what is named, and keep numbers on a port of their own',
    mail: false,
    run: async ({ system, browser }) => {
      const { origin } = new URL(system.url)
      for (const path of ['/.git/HEAD', '/.env', '/debug', '/debug/pprof', '/server-status', '/actuator', '/package.json', '/postkey.db']) {
        const { status } = await browser().get(`${origin}${path}`)
        must(status >= 400, `${path} answers ${status}`)
      }
      return 'eight paths answer with an error'
    },
  },
]
