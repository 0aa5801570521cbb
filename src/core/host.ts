// What the application around us says of an address, where it keeps users of its own. It is asked before the transaction; in it, this is a fact.

/** `unavailable`: it was asked and did not answer as it should, or not in time. */
export type HostWord = 'known' | 'unknown' | 'refused' | 'unavailable'

/** How the id it gave stands to the user we have: `differs`: we know the address under another, or another address under this one. */
export type HostId = 'same' | 'new' | 'differs'

/** To ask again so soon is of use. */
export const HOST_RETRY_MS = 5_000
