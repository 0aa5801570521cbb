// The mail itself.
import { type AskedFor, type Case, must, NotHere, type Scene } from '../case.ts'

/** A mail that this system wrote. */
async function askedOf(scene: Scene): Promise<AskedFor> {
  if (scene.system.foreignMails === true) throw new NotHere('its mails are written by the application')
  return await scene.asked()
}

export const mails: readonly Case[] = [
  {
    id: 'ML-01',
    area: 'mail',
    title: 'the mail holds what it needs as plain text, says that it is automatic, and loads nothing',
    remedy: 'send text and HTML, Auto-Submitted: auto-generated, and no picture from elsewhere',
    mail: true,
    run: async (scene) => {
      const { mail, link, code } = await askedOf(scene)
      must(link !== null || code !== null, 'the text holds neither link nor code')
      must(!/<img[^>]+src="https?:/i.test(mail.html), 'it loads a picture')
      const headers = Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value]))
      must(/auto-generated/i.test(headers['auto-submitted'] ?? ''), 'no Auto-Submitted: auto-generated')
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
      const { mail } = await askedOf(scene)
      must(/firefox/i.test(mail.text), 'it does not name the browser')
      return 'it names the browser'
    },
  },
]
