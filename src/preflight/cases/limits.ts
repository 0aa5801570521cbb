// What there must be an end of.
import { type Case, codeOf, isError, isIn, linkOf, must, NotHere, wrongCode } from '../case.ts'

export const limits: readonly Case[] = [
  {
    id: 'TK-13',
    area: 'limits',
    title: 'after a few wrong codes even the right one is refused, and the link still works',
    remedy: 'count tries before comparing, at most five, and let the link be a proof of its own',
    mail: true,
    run: async (scene) => {
      const opened = await scene.asked()
      const { browser, asked } = opened
      const right = codeOf(opened)
      let last = 0
      for (let time = 0; time < 6; time++) last = (await scene.system.typeCode(browser, asked, wrongCode(right, time))).status
      await scene.system.typeCode(browser, asked, right)
      must(!(await isIn(scene, opened)), 'the right code works after six wrong ones')
      await scene.system.follow(browser, linkOf(opened))
      must(await isIn(scene, opened), 'the person is locked out: the link does not work any more')
      return `the sixth answered ${last}; the link worked`
    },
  },
  {
    id: 'TK-05',
    area: 'limits',
    title: 'another mail is refused at once and sent after a while; then the older code is over, and the older link is not',
    remedy: 'make people wait on the server; keep unexpired links alive, and only the newest code',
    mail: true,
    run: async (scene) => {
      const { resend } = scene.system
      if (resend === undefined) throw new NotHere('there is no other mail of the same request')
      const opened = await scene.asked()
      const { browser, email, asked, code } = opened
      const early = await resend(browser, asked)
      const wait = Number(early.headers.get('retry-after') ?? '')
      must(early.status === 429, `asking again at once answers ${early.status}`)
      must(wait > 0 && wait <= 300, `Retry-After says "${early.headers.get('retry-after')}"`)
      await scene.wait(wait * 1_000 + 500, 'until another mail may be asked for')
      const again = await scene.patiently(
        () => resend(browser, asked),
        (answer) => answer,
      )
      must(again.status < 400, `asking again after ${wait} s answers ${again.status}`)
      const newer = scene.system.open(await scene.mail(email, 2))
      const answer = await scene.system.typeCode(browser, asked, codeOf(opened))
      must((await scene.system.whoAmI(browser)) === null, 'the code of the older mail works')
      await scene.system.follow(browser, linkOf(opened))
      must(await isIn(scene, opened), 'the link of the older mail does not work')
      must(newer.code !== code, 'the newer mail has the same code')
      return `refused for ${wait} s; the older code answers ${answer.status}, the older link signs in`
    },
  },
  {
    id: 'LO-05',
    area: 'limits',
    title: 'a body of a megabyte is refused',
    remedy: 'bound bodies before reading them',
    mail: false,
    run: async ({ system, person: newcomer }) => {
      const person = await newcomer()
      const { answer } = await system.ask(person, 'a'.repeat(1_000_000)).catch(() => ({ answer: null }))
      must(answer === null || (isError(answer) && answer.status < 500), `answers ${answer?.status}`)
      return answer === null ? 'the connection was closed' : `answers ${answer.status}`
    },
  },
]
