// A small application in React with a sign-in form of its own, for test/stories/browser-client.test.ts. Strict mode mounts everything
// twice, as development does.
import { createElement as h, type ReactElement, StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { createClient } from '../src/client/client.ts'
import { type Postkey, usePostkey } from '../src/client/react.ts'

const client = createClient({ basePath: '/auth' })

function App(): ReactElement {
  const postkey = usePostkey(client)
  return h(
    'div',
    {},
    h(Greeting),
    postkey.failure !== null && h('p', { role: 'alert' }, `${postkey.failure.reason}: ${postkey.failure.words.title}`),
    h(Form, { key: postkey.step, postkey }),
  )
}

/** Another component, the same sign-in. */
function Greeting(): ReactElement {
  const postkey = usePostkey(client)
  return h('h1', {}, postkey.step === 'signed_in' ? `Hello ${postkey.user.email}` : 'Notes')
}

function Form({ postkey }: { readonly postkey: Postkey }): ReactElement | null {
  const [typed, setTyped] = useState('')
  if (postkey.step === 'looking') return h('p', {}, 'One moment')
  if (postkey.step === 'signed_in') return h('button', { type: 'button', onClick: () => void postkey.signOut() }, 'Sign out')
  const asks = postkey.step === 'ask'
  return h(
    'form',
    {
      onSubmit: (event) => {
        event.preventDefault()
        void (asks ? postkey.start(typed) : postkey.verify(typed))
      },
    },
    h('label', {}, asks ? 'Address' : 'Code', h('input', { value: typed, onChange: (event) => setTyped(event.currentTarget.value) })),
    h('button', { type: 'submit', disabled: postkey.busy !== null }, asks ? 'Send' : 'Enter'),
  )
}

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(h(StrictMode, {}, h(App)))
