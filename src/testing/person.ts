// Somebody with a browser that has no script: what a page would do by itself, this does.
import type { Answer, Browser } from '../preflight/browser.ts'
import type { System } from '../preflight/system.ts'

export interface Person extends Browser {
  /** Types an address on the sign-in page. @throws Error where that is refused; `returnTo`: where the sign-in leads. */
  ask(email: string, returnTo?: string): Promise<Answer>
  /** Opens a link, and what its page does or asks for; `email`: what is typed in a browser that did not ask. */
  follow(link: string, email?: string): Promise<Answer>
  /** Types a code on the page that the last `ask` led to. */
  typeCode(code: string): Promise<Answer>
  /** The address of who is signed in; null: nobody. */
  whoAmI(): Promise<string | null>
  signOut(): Promise<Answer>
}

export function makePerson(system: System, browser: Browser): Person {
  let asked: Awaited<ReturnType<System['ask']>> | null = null
  return {
    ...browser,
    ask: async (email, returnTo) => {
      asked = await system.ask(browser, email, returnTo === undefined ? {} : { returnTo })
      const { answer } = asked
      if (answer.status !== 303) throw new Error(`asking for a mail to ${email} answers ${answer.status}: ${titleOf(answer.text)}`)
      return answer
    },
    follow: (link, email) => system.follow(browser, link, email),
    typeCode: async (code) => {
      if (asked === null) throw new Error('this person has not asked for a mail: call person.ask(email) first')
      return await system.typeCode(browser, asked, code)
    },
    whoAmI: () => system.whoAmI(browser),
    signOut: () => system.signOut(browser),
  }
}

const titleOf = (html: string): string => /<title>([^<]*)/.exec(html)?.[1] ?? html.slice(0, 200)
