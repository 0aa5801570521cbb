// For an application that answers the mail's link with a page of its own: takes the two parts out of the address bar.

export interface Link {
  readonly id: string
  readonly secret: string
}

/** 43 letters and digits; what mail programs glue to the end of a link (a dot, a bracket) is left out. */
const SECRET = /^#([0-9A-Za-z]{43})(?![0-9A-Za-z])/
/** An id; behind it may stand what a gateway made of the secret, which is not accepted and goes too. */
const PLACE = /^(.*\/l\/)([0-9A-Za-z]{17})(?:[/%].*)?$/

/**
 * The link that this page was opened by, or null: no link, or one whose secret got lost on its way, and then only the code helps. Call it
 * before anything else runs: the secret leaves the address bar and the history at once, whatever becomes of it.
 */
export function takeLink(): Link | null {
  const [, place, id] = PLACE.exec(location.pathname) ?? []
  if (place === undefined || id === undefined) return null
  const secret = SECRET.exec(location.hash)?.[1]
  // The state belongs to the application's router.
  history.replaceState(history.state, '', place + id + location.search)
  return secret === undefined ? null : { id, secret }
}
