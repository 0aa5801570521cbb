// The secrets of a mail between their minting and their sending: sealed in the queue, in clear only in the hand that sends it.

export interface SealedSecrets {
  readonly link: string
  readonly code: string
}

/** What seals and opens a queued mail's secrets: they fit this challenge and no other. */
export function sealContext(tenant: string, challenge: string): string {
  return `mail\0${tenant}\0${challenge}`
}
