// What stands between a browser and the server.
import { type Case, firstPage, must, NotHere } from '../case.ts'

export const network: readonly Case[] = [
  {
    id: 'HH-02',
    area: 'network',
    title: 'headers that anybody can send do not change where the link leads',
    remedy: 'build links from a setting, never from Host or X-Forwarded-Host',
    mail: true,
    run: async ({ system, person: newcomer, address, mail }) => {
      const person = await newcomer()
      const email = address()
      const forged = {
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example;proto=http',
        'x-original-url': 'https://evil.example/',
        'x-host': 'evil.example',
      }
      const { answer } = await system.ask(person, email, { headers: forged })
      must(answer.status < 400, `asking for a mail answers ${answer.status}`)
      must(answer.location === '' || new URL(answer.location).host === new URL(system.url).host, `leads to ${answer.location}`)
      const { text, html } = await mail(email)
      must(!text.includes('evil.example') && !html.includes('evil.example'), 'the mail names the other host')
      return 'the link leads here'
    },
  },
  {
    id: 'HH-07',
    area: 'network',
    title: 'headers that anybody can send do not change what a page says',
    remedy: 'ignore them, unless a trusted proxy sends them',
    mail: false,
    run: async ({ system, browser }) => {
      const { text } = await browser().get(firstPage(system), {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-prefix': '/evil.example',
      })
      must(!text.includes('evil.example'), 'the page says evil.example')
      return 'it says nothing of them'
    },
  },
  {
    id: 'FA-21',
    area: 'network',
    title: 'its clock agrees with this one',
    remedy: 'let the machine keep time by NTP; people’s countdowns go by it',
    mail: false,
    run: async ({ system, browser }) => {
      const { headers } = await browser().get(system.pages.length > 0 ? firstPage(system) : system.url)
      const date = headers.get('date')
      if (date === null) throw new NotHere('it sends no Date')
      const apart = Math.abs(Date.parse(date) - Date.now()) / 1_000
      must(apart < 5, `${apart.toFixed(0)} s apart`)
      return `${apart.toFixed(1)} s apart`
    },
  },
]
