import { expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { startOther } from '../live.ts'
const browser = browserFor()
test('raw', async () => {
  const seen: string[] = []
  await using site = await startOther((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['sec-purpose']} ${Date.now()%100000}`)
    response.setHeader('content-type', 'text/html')
    if (request.url === '/host') response.end(`<!doctype html><title>h</title><a id=go href="/target#x">go</a><script>
      const s = document.createElement('script'); s.type='speculationrules'; s.textContent=JSON.stringify({prerender:[{source:'list',urls:['/target#x'],eagerness:'immediate'}]}); document.head.append(s)
      setTimeout(() => document.getElementById('go').click(), 1500)</script>`)
    else if (request.url?.startsWith('/target')) response.end(`<!doctype html><title>t</title><script>
      navigator.sendBeacon('/loaded?'+document.prerendering)
      document.addEventListener('prerenderingchange', () => fetch('/changed?'+location.hash.slice(1)))
    </script>`)
    else response.end('')
  })
  const b = await browser()
  const cdp = await b.newBrowserCDPSession()
  const { browserContextId } = await cdp.send('Target.createBrowserContext')
  await cdp.send('Target.createTarget', { url: `${site.url}/host`, browserContextId })
  await new Promise(r => setTimeout(r, 3000))
  console.log(seen.join('\n'))
  await cdp.send('Target.disposeBrowserContext', { browserContextId })
})
