// One submit at a time. A timer and a click within the same moment sent two POSTs when the guard stood on the click; on `submit`
// it covers timer, click, Enter and AutoFill alike. The server replays a second one anyway.

/** After this the first request is taken for lost (the person pressed "stop"): a dead button would strand them. */
const LOST_AFTER_MS = 8_000

export function guardSubmits(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    if (event.defaultPrevented) return
    if (form.getAttribute('aria-busy') === 'true') {
      event.preventDefault()
      return
    }
    form.setAttribute('aria-busy', 'true')
    setTimeout(() => form.removeAttribute('aria-busy'), LOST_AFTER_MS)
  })
  // Back from the cache of whole pages: the same document, its old request long over.
  addEventListener('pageshow', (event) => {
    if (event.persisted) for (const form of document.forms) form.removeAttribute('aria-busy')
  })
}
