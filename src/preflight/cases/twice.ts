// What people do twice: tap again, come back, sign out and try once more.
import { type Case, codeOf, isError, isIn, linkOf, must } from '../case.ts'

export const twice: readonly Case[] = [
  {
    id: 'TK-01',
    area: 'twice',
    title: 'the link twice in the browser that asked: in both times, one session',
    remedy: 'answer a repeated proof of the same browser as the first one',
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      const first = await scene.system.follow(asked.browser, linkOf(asked))
      const again = await scene.system.follow(asked.browser, linkOf(asked))
      must(await isIn(scene, asked), `not signed in after it: ${first.status}, ${again.status}`)
      must(!isError(again), `the second time answers ${again.status}, ${again.location}`)
      return `${first.status}, then ${again.status}`
    },
  },
  {
    id: 'RC-01',
    area: 'twice',
    title: 'the link ten times at once in the browser that asked: in, and no error',
    remedy: 'decide in one transaction, and give the same browser the same session again',
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      const answers = await Promise.all(Array.from({ length: 10 }, () => scene.system.follow(asked.browser, linkOf(asked))))
      const bad = answers.filter(isError)
      must(bad.length === 0, `${bad.length} of 10 answered ${bad[0]?.status}, ${bad[0]?.location}`)
      must(await isIn(scene, asked), 'not signed in after it')
      return 'ten answers, none of them an error'
    },
  },
  {
    id: 'RC-02',
    area: 'twice',
    title: 'the code twice at once: in, and no error',
    remedy: 'decide in one transaction, and give the same browser the same session again',
    mail: true,
    run: async (scene) => {
      const opened = await scene.asked()
      const code = codeOf(opened)
      const both = await Promise.all([0, 1].map(() => scene.system.typeCode(opened.browser, opened.asked, code)))
      const answered = both.map(({ status }) => status).join(', ')
      must(await isIn(scene, opened), `not signed in after it: ${answered}`)
      must(!both.some(isError), `answered ${answered}`)
      return answered
    },
  },
  {
    id: 'TK-02',
    area: 'twice',
    title: 'after signing out, neither link nor code of the mail signs in again',
    remedy: 'retire every proof of a request with its first sign-in, and the session with the sign-out',
    mail: true,
    run: async (scene) => {
      const opened = await scene.asked()
      const { browser, asked, code } = opened
      await scene.system.follow(browser, linkOf(opened))
      await scene.system.signOut(browser)
      await scene.system.follow(browser, linkOf(opened))
      must((await scene.system.whoAmI(browser)) === null, 'the link signed in again')
      if (code !== null) await scene.system.typeCode(browser, asked, code)
      must((await scene.system.whoAmI(browser)) === null, 'the code signed in after the link had')
      return 'both are over'
    },
  },
]
