// The application that `postkey dev` stands in front of: one page that knows who is there.
import { paths } from '../core/paths.ts'
import { askPath } from './ask.tsx'
import { Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { DemoView, Frame } from './view.ts'

export function demoPage(frame: Frame, view: DemoView): string {
  const w = words(frame).demo
  const link = (path: string, label: string) => (
    <a class="button plain" href={`${frame.basePath}${path}`}>
      {label}
    </a>
  )
  return layout(frame, {
    title: w.title,
    children:
      view.email === null ? (
        <>
          <h1>{w.outHeading}</h1>
          <p class="lead">{w.out}</p>
          <div class="actions">
            <a class="button" href={askPath(frame, null)}>
              {w.signIn}
            </a>
            {link(paths.devInbox, w.inbox)}
          </div>
        </>
      ) : (
        <>
          <h1>{w.hello}</h1>
          <p class="lead">{fill(w.signedInAs, { address: <Address>{view.email}</Address> })}</p>
          <p>{w.inside}</p>
          <div class="actions">
            <a class="button" href={`${frame.basePath}${paths.account}`}>
              {w.account}
            </a>
            {link(paths.devInbox, w.inbox)}
            <Post frame={frame} to={paths.signOut}>
              <button type="submit" class="plain">
                {w.signOut}
              </button>
            </Post>
          </div>
        </>
      ),
  })
}
