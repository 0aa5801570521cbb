// The mail itself.
import { type Case, must, NotHere, type Scene } from '../case.ts'
import { headersOf } from '../open-mail.ts'
import type { Mail } from '../system.ts'

/** A mail that this system wrote. */
async function mailOf(scene: Scene): Promise<Mail> {
  if (scene.system.foreignMails === true) throw new NotHere('its mails are written by the application')
  return await scene.anyMail()
}

export const mails: readonly Case[] = [
  {
    id: 'ML-01',
    area: 'mail',
    title: 'the mail holds what it needs as plain text, says that it is automatic, and loads nothing',
    remedy: 'send text and HTML, Auto-Submitted: auto-generated, and no picture from elsewhere',
    mail: true,
    run: async (scene) => {
      const mail = await mailOf(scene)
      const { link, code } = scene.system.open(mail)
      must(link !== null || code !== null, 'the text holds neither link nor code')
      must(!/<img[^>]+src="https?:/i.test(mail.html), 'it loads a picture')
      must(/auto-generated/i.test(headersOf(mail)['auto-submitted'] ?? ''), 'no Auto-Submitted: auto-generated')
      return 'text, automatic, no pictures'
    },
  },
  {
    id: 'ML-02',
    area: 'mail',
    title: 'the mail says which browser asked',
    remedy: 'name browser and time, so that people see that somebody else asked',
    mail: true,
    run: async (scene) => {
      const { text } = await mailOf(scene)
      must(/firefox/i.test(text), 'it does not name the browser')
      return 'it names the browser'
    },
  },
]
