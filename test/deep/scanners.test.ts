// The long runs of the scanner stories: a scanner that stays half a minute, and two hundred people each of whom had one before them.
import { expect, test } from 'vitest'
import { pressEverything } from '../../src/preflight/press.ts'
import { browserFor } from '../chromium.ts'
import { startLive } from '../live.ts'

const browser = browserFor()

test('SC-03: a scanner runs all scripts and waits 30 s, and posts nothing', async () => {
  await using live = await startLive()
  await using ada = await live.person(await browser())
  await using scanner = await live.person(await browser())
  const { link } = await ada.ask('ada@example.net')
  await scanner.page.goto(link)
  for (let second = 0; second < 30; second++) {
    await scanner.page.mouse.move(100 + second, 200)
    await scanner.page.waitForTimeout(1_000)
  }
  expect(scanner.posts).toEqual([])
  await ada.page.goto(link)
  await ada.page.waitForURL(`${live.url}/`)
  expect(await ada.whoAmI()).toBe('ada@example.net')
})

test('SC-05: two hundred people, and before each of them a scanner that presses everything two pages deep', async () => {
  await using live = await startLive()
  const people = 200
  let pressed = 0
  let scannersIn = 0
  let peopleIn = 0
  for (let i = 0; i < people; i++) {
    await using person = await live.person(await browser())
    await using scanner = await live.person(await browser())
    const email = `person-${i}@example.net`
    const { link, code } = await person.ask(email)
    // Every third one types into the fields, every second person then uses the code.
    const typing = i % 3 === 0 ? { typing: 'someone@example.com' } : {}
    pressed += await pressEverything(scanner.page, link, { depth: 2, links: i % 10 === 0, ...typing })
    if ((await scanner.whoAmI()) !== null) scannersIn++
    await (i % 2 === 0 ? person.page.goto(link) : person.typeCode(code))
    await person.page.waitForURL(`${live.url}/`)
    if ((await person.whoAmI()) === email) peopleIn++
  }
  console.info(`${people} people, ${pressed} things pressed before them: ${peopleIn} people signed in, ${scannersIn} scanners`)
  expect([peopleIn, scannersIn]).toEqual([people, 0])
})
