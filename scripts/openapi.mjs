// Writes docs/openapi.json from the schemas of the API. Run after `npm run build`, which makes the dist/ it reads; test/contract.test.ts
// makes the same from the sources and compares.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const { openapi } = await import(new URL('../dist/http/contract.js', import.meta.url).href)
const { appVersion } = await import(new URL('../dist/versions.js', import.meta.url).href)
const document = openapi(
  { url: 'https://auth.example.com', version: appVersion },
  { browser: '__Host-postkey-browser', session: '__Host-postkey-session' },
)
writeFileSync(fileURLToPath(new URL('../docs/openapi.json', import.meta.url)), `${JSON.stringify(document, null, 2)}\n`)
