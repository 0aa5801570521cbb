// A mail in a browser that did not ask.
import { type Case, codeOf, isIn, linkOf, must, wrongCode } from '../case.ts'

export const elsewhere: readonly Case[] = [
  {
    id: 'TK-03',
    area: 'other browser',
    title: 'the link in another browser does not sign in by itself',
    remedy: 'bind a request to the browser that asked, by a cookie',
    mail: true,
    run: async (scene) => {
      const link = linkOf(await scene.asked())
      const other = scene.browser()
      const answer = await scene.system.follow(other, link)
      must((await scene.system.whoAmI(other)) === null, 'whoever opens the link is signed in')
      return `answered ${answer.status}`
    },
  },
  {
    id: 'CS-09',
    area: 'other browser',
    title: 'a link somebody sends signs nobody into the sender’s account: the address must be typed',
    remedy: 'let the person type the address before a session is made in a browser that did not ask',
    mail: true,
    run: async (scene) => {
      const link = linkOf(await scene.asked())
      const victim = scene.browser()
      const answer = await scene.system.follow(victim, link, 'victim@preflight.example')
      must((await scene.system.whoAmI(victim)) === null, 'signed in with another address than the mail’s')
      must(answer.status >= 400, `answered ${answer.status}`)
      return `answered ${answer.status}`
    },
  },
  {
    id: 'RL-14',
    area: 'other browser',
    title: 'codes typed in another browser are not compared, and spend none of the person’s tries',
    remedy: 'look at a code only where it was asked for',
    mail: true,
    run: async (scene) => {
      const opened = await scene.asked()
      const { browser, asked } = opened
      const right = codeOf(opened)
      const other = scene.browser()
      for (let time = 0; time < 8; time++) await scene.system.typeCode(other, asked, wrongCode(right, time))
      await scene.system.typeCode(other, asked, right)
      must((await scene.system.whoAmI(other)) === null, 'the code signed in where it was not asked for')
      await scene.system.typeCode(browser, asked, right)
      must(await isIn(scene, opened), 'the person who asked was locked out')
      return 'the person who asked got in afterwards'
    },
  },
]
