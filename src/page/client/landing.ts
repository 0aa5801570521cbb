// The landing page of a link. The secret comes in the fragment, goes into the form, and leaves the address bar at once. The page
// submits itself only where the server wrote `data-auto-submit`: in the browser that asked.
import { all, announce, one } from './find.ts'

/** 43 letters and digits; what mail programs glue to the end of a link (a dot, a bracket) is left out. */
const SECRET = /^#([0-9A-Za-z]{43})(?![0-9A-Za-z])/

export function land(): void {
  const form = one<HTMLFormElement>('[data-landing]')
  const field = form === null ? null : one<HTMLInputElement>('[name=secret]', form)
  if (form === null || field === null) {
    // A "no", or a page that only says where to go on: the secret is of no use here, and may still be good elsewhere.
    if (SECRET.test(location.hash)) history.replaceState(null, '', location.pathname + location.search)
    return
  }
  // Kept in the history entry, which only pages of this origin can read and no request carries, so that a reload still works.
  const kept: unknown = history.state
  const secret = SECRET.exec(location.hash)?.[1] ?? (field.value || (typeof kept === 'string' ? kept : ''))
  // The form's address is this page's without any secret: of fragment and path mode, and of gateways that wrote "%23".
  history.replaceState(secret === '' ? null : secret, '', form.action)
  if (secret !== '') {
    field.value = secret
    for (const way of all('[data-way]')) way.hidden = way.dataset.way !== 'link'
  }
  if (field.value !== '' && form.dataset.autoSubmit !== undefined) whenSeen(() => submitOnce(form))
}

function submitOnce(form: HTMLFormElement): void {
  announce(form.dataset.busy ?? '')
  setTimeout(() => form.requestSubmit(), Number(form.dataset.autoSubmit))
}

/** A page rendered ahead of a visit, or in a tab nobody looks at, must not spend anything. */
function whenSeen(act: () => void): void {
  const page = document as Document & { readonly prerendering?: boolean }
  const ready = (): boolean => page.prerendering !== true && page.visibilityState === 'visible'
  if (ready()) {
    act()
    return
  }
  const events = ['prerenderingchange', 'visibilitychange']
  const check = (): void => {
    if (!ready()) return
    for (const event of events) document.removeEventListener(event, check)
    act()
  }
  for (const event of events) document.addEventListener(event, check)
}
