// Small services of any page: focus on a problem, the reader's own time, copying, the other address.
import { all, one } from './find.ts'

export function showProblem(): void {
  // After a failed POST the address bar names the page that a reload should get.
  const { url } = document.body.dataset
  if (url !== undefined && url !== location.pathname + location.search) history.replaceState(null, '', url)
  const summary = one('[data-summary]')
  if (summary === null) return
  summary.focus()
  // A real focus, not only a scroll: the field is announced with its problem.
  one('a[href^="#"]', summary)?.addEventListener('click', (event) => {
    event.preventDefault()
    one((event.currentTarget as HTMLAnchorElement).hash)?.focus()
  })
}

/** "14:20 UTC" becomes the time on the reader's wall; in the console, where it is held against a log, it stays. */
export function localTimes(): void {
  const {
    lang,
    dataset: { locale },
  } = document.documentElement
  for (const time of all<HTMLTimeElement>('time:not([data-utc])')) {
    const at = new Date(time.dateTime)
    if (at.getTimezoneOffset() === 0 || Number.isNaN(at.getTime())) continue
    const day = time.dataset.day === undefined ? {} : ({ day: 'numeric', month: 'long' } as const)
    time.textContent = at.toLocaleString(locale ?? lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...day })
  }
}

export function offerCopies(): void {
  for (const button of all<HTMLButtonElement>('[data-copy]')) {
    const source = one(button.dataset.copy ?? '')
    if (source === null || !('clipboard' in navigator)) continue
    button.hidden = false
    const label = button.textContent
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText((source.textContent ?? '').trim())
      } catch {
        // Refused, as in some mail apps: marked, so that the person can copy it by hand.
        getSelection()?.selectAllChildren(source)
        return
      }
      button.textContent = button.dataset.copied ?? label
      setTimeout(() => {
        button.textContent = label
      }, 2_000)
    })
  }
}

/** Another address without a reload: the one that was typed is kept, and selected, so that typing replaces it. */
export function offerOtherAddress(): void {
  const link = one('[data-other]')
  const field = one<HTMLInputElement>('[data-step=other] [data-email]')
  if (link === null || field === null) return
  const show = (name: string): void => {
    for (const step of all('[data-step]')) step.hidden = step.dataset.step !== name
  }
  link.addEventListener('click', (event) => {
    event.preventDefault()
    show('other')
    field.value ||= one('[data-step=code] .address')?.textContent ?? ''
    field.focus()
    field.select()
  })
  one('[data-other-back]')?.addEventListener('click', () => {
    show('code')
    one('[data-code]')?.focus()
  })
}

/** The dev inbox: back from the other tab, the new mail should be there. */
export function refreshOnReturn(): void {
  if (one('[data-refresh]') === null) return
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') location.reload()
  })
}
