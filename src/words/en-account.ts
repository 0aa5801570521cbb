// English: the pages of somebody who is signed in and proves, changes or ends something of their own account; and what those pages answer to
// a "no".

export const accountFaces = {
  proof_renewed: {
    heading: 'It is you',
    why: 'Your mailbox is proved again.',
    next: 'Go on with what you wanted to do.',
    nextLabel: 'Continue',
  },
  session_of_other: {
    heading: 'Somebody else is signed in here',
    why: 'This was asked for by another account than the one that is signed in in this browser. Nothing was changed, for either of them.',
    next: 'Sign in with the account that asked, and start again there.',
    nextLabel: 'Go to your account',
  },
  proof_recent: {
    heading: 'Your proof is recent',
    why: 'Your mailbox was proved a short time ago.',
    next: 'Go on.',
    nextLabel: 'Continue',
  },
  proof_old: {
    heading: 'Confirm that it is you',
    why: 'This changes who can get into your account, so it wants a proof of your mailbox that is not old.',
    next: 'Prove your mailbox once more. Then you have {recentProof} for what you wanted to do.',
    nextLabel: 'Send me the mail',
  },
} as const

/** What the landing page of a link says where it is not to sign in; all else is said as there. */
export const landings = {
  step_up: {
    title: 'Confirm that it is you',
    boundHeading: 'Confirming that it is you',
    busy: 'Confirming that it is you',
    asked: 'Somebody who is signed in to {brand} was asked for a proof of this mailbox in {device}, {ago}.',
    notMe: 'Not you? Then close this page and pass nothing on. Somebody may be in your account: sign in and end all other sessions.',
  },
} as const

export const confirm = {
  title: 'Confirm that it is you',
  lead: 'What you are about to do wants a proof of your mailbox that is not old.',
  to: 'The mail goes to {address}. Its code or link leads back to where you were.',
  send: 'Send me the mail',
  checkTitle: 'Check your mail',
  onItsWay: 'A mail is on its way to {address}.',
  useLink: 'Open the link in it in this browser.',
  submit: 'Confirm',
  back: 'Back to your account',
} as const
