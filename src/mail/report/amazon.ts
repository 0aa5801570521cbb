// What SES needs of Amazon: the certificate that SNS signs by, and the confirmation of a subscription. Only addresses that ses.ts has looked at
// come here: of Amazon's own host names.
import type { Amazon } from './ses.ts'

const TIMEOUT_MS = 10_000
const CHARS_MAX = 64_000
/** Amazon changes its key once in a while, and has one for each region. */
const KEPT = 10

const certificates = new Map<string, string>()

export const amazon: Amazon = {
  certificate: async (url) => {
    const known = certificates.get(url)
    if (known !== undefined) return known
    const text = await get(url)
    if (certificates.size >= KEPT) certificates.clear()
    certificates.set(url, text)
    return text
  },
  confirm: async (url) => void (await get(url)),
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  const text = (await response.text()).slice(0, CHARS_MAX)
  if (!response.ok) throw new Error(`Amazon answered ${response.status}`)
  return text
}
