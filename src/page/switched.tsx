// Shown once, when a sign-in ended somebody else's session in this browser: said plainly, because a person lured into another
// account must be able to notice.
import { paths } from '../core/paths.ts'
import { Address, fill, safeHref, words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { Frame, SwitchedView } from './view.ts'

export function switchedPage(frame: Frame, view: SwitchedView): string {
  const w = words(frame).switched
  return layout(frame, {
    title: w.title,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{fill(w.now, { address: <Address>{view.email}</Address> })}</p>
        <p>{w.before}</p>
        <div class="actions">
          <a class="button" href={safeHref(view.continueTo, `${frame.basePath}${paths.account}`)}>
            {w.continue}
          </a>
          <a class="button plain" href={`${frame.basePath}${paths.account}`}>
            {w.account}
          </a>
        </div>
      </>
    ),
  })
}
