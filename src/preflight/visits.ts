// Whatever opens a link before its reader does, as far as HTTP shows. Each comes in a browser that has no cookie of ours and answers with
// what it was shown.
import type { Answer, Browser } from './browser.ts'
import type { System } from './system.ts'

export interface Visiting {
  readonly system: Pick<System, 'follow'>
  browser(agent?: string): Browser
  wait(ms: number, why: string): Promise<void>
}

export type Visit = (visiting: Visiting, link: string) => Promise<readonly Answer[]>

/** As a server sees it: a fragment is never sent. */
export const sent = (link: string): string => link.split('#', 1)[0] as string

/** They unfurl what is pasted into a chat. */
const PREVIEWERS = ['Slackbot-LinkExpanding 1.0', 'facebookexternalhit/1.1', 'Twitterbot/1.0']
/** Between the two looks of a gateway that spent a link, as its victim measured it. */
const APART_MS = 134

export const visits = {
  head: ({ browser }, link) => times(20, () => browser().send(sent(link), { method: 'HEAD' })),
  prefetch: async ({ browser }, link) => {
    const scanner = browser('Mozilla/5.0 (compatible; MailScanner/1.0)')
    const purposes = ['', 'prefetch', 'prefetch;prerender'].flatMap((purpose) => Array<string>(10).fill(purpose))
    return await times(purposes.length, (nth) => scanner.get(sent(link), { 'sec-purpose': purposes[nth] ?? '' }))
  },
  getTwice: async ({ browser, wait }, link) => {
    const gateway = browser()
    const first = await gateway.get(sent(link))
    await wait(APART_MS, 'the gateway looks again')
    return [first, await gateway.get(sent(link))]
  },
  preview: ({ browser }, link) => times(PREVIEWERS.length, (nth) => browser(PREVIEWERS[nth]).get(sent(link))),
  submit: async ({ system, browser }, link) => {
    const scanner = browser()
    return [await system.follow(scanner, link), await system.follow(scanner, link, 'scanner@preflight.example')]
  },
} as const satisfies Readonly<Record<string, Visit>>

export type VisitName = keyof typeof visits

async function times(count: number, look: (nth: number) => Promise<Answer>): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (let nth = 0; nth < count; nth++) answers.push(await look(nth))
  return answers
}
