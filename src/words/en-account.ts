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
  change_confirmed: {
    heading: 'One mailbox has agreed',
    why: 'The other one has to agree as well. Nothing is changed yet.',
    next: 'Type the code from the mail to the other address.',
    nextLabel: 'Continue',
  },
  address_changed: {
    heading: 'Your address is changed',
    why: 'You sign in with the new one from now on. All other sessions have ended.',
    next: 'Go on to your account.',
    nextLabel: 'Go to your account',
  },
  change_ended: {
    heading: 'This change is over',
    why: 'It was taken back, or another address was asked for since. Nothing was changed by this.',
    next: 'Ask for the change again on your account page.',
    nextLabel: 'Go to your account',
  },
  address_in_use: {
    heading: 'This address has an account of its own',
    why: 'Somebody began an account with it meanwhile. Nothing was changed.',
    next: 'Sign in with that address, or ask the people who run this site, and give them the request number below.',
    nextLabel: 'Get help',
  },
  address_same: {
    heading: 'This is your address already',
    why: 'The new address is the one that you sign in with.',
    next: 'Type another one.',
    nextLabel: 'Continue',
  },
  too_many_changes: {
    heading: 'No more changes for now',
    why: 'The address of an account can be changed {changes, plural, one {once} other {# times}} in {changesPer}.',
    next: 'Use a mail you already have, or ask again {soon}.',
    nextLabel: 'Go to your account',
  },
  change_asked: {
    heading: 'Check the new mailbox',
    why: 'A mail is on its way to the new address.',
    next: 'Type its code here.',
    nextLabel: 'Continue',
  },
  change_undone: {
    heading: 'The change is taken back',
    why: 'The address of the account is as it was before, and all sessions have ended.',
    next: 'Sign in with your address.',
    nextLabel: 'Go to sign-in',
  },
  not_me: {
    heading: 'It is ended',
    why: 'You said that you had not asked for this mail. Nothing of it works any more, and whoever signed in with it is signed out.',
    next: 'Nothing more has to be done.',
    nextLabel: 'Go to sign-in',
  },
  not_me_unknown: {
    heading: 'We do not know this mail',
    why: 'The link is from long ago, or was cut or changed on its way. Nothing was ended.',
    next: 'Open the whole link from the mail. Without the mail nobody gets in, whether you do or not.',
    nextLabel: 'Go to sign-in',
  },
  not_me_locked: {
    heading: 'Too many other addresses were typed',
    why: 'So this mail can no longer be ended here. Nothing was ended.',
    next: 'Ignore the mail: nobody gets in without it. If somebody is in your account, sign in and end all other sessions.',
    nextLabel: 'Go to sign-in',
  },
  undo_expired: {
    heading: 'This change can no longer be taken back here',
    why: 'The link works for {undoTime}.{ended}',
    next: 'Ask the people who run this site, and give them the request number below.',
    nextLabel: 'Get help',
  },
  too_many_recoveries: {
    heading: 'Not again for now',
    why: 'The way back into this account was asked for too often lately, by whomever. What has begun goes on.',
    next: 'Ask again {soon}.',
    nextLabel: 'Go to sign-in',
  },
  recovery_waiting: {
    heading: 'The way back is not open yet',
    why: 'The wait is not over, or somebody who has to agree has not agreed yet.',
    next: 'Use the link again later. It goes on working.',
    nextLabel: 'Go to sign-in',
  },
  recovery_ended: {
    heading: 'This way back is over',
    why: 'It was stopped or used, or its time is over. Any sign-in to the account stops it.',
    next: 'If you still cannot sign in, ask for it again.',
    nextLabel: 'Go to sign-in',
  },
  operator_protected: {
    heading: 'An operator stays who they are',
    why: 'Operators are known by their address, which the settings of the server name. So it is neither changed nor deleted here.',
    next: 'Have the address taken off the list of operators first.',
    nextLabel: 'Get help',
  },
  person_erased: {
    heading: 'Your account is deleted',
    why: 'Your address is gone from here, and all sessions have ended.',
    next: 'Nothing more has to be done.',
    nextLabel: 'Continue',
  },
} as const

/** What the landing page of a link says where it is not to sign in; all else is said as there. */
export const landings = {
  invite: {
    title: 'Your invitation',
    otherHeading: 'You are invited',
    whereHeading: 'Open the whole link',
    asked: 'An account at {brand} was made for the mailbox that this link went to, {ago}.',
    there: 'The last part of the link did not arrive here. Copy the whole link from the mail into the address bar.',
    onlyThere: 'This link works here no longer. Ask for a sign-in mail instead: the account is there.',
    onlyThereLink: 'This link works here no longer. Ask for a sign-in mail instead: the account is there.',
    hereHeading: 'Sign in',
    signInHere: 'Sign in',
  },
  step_up: {
    title: 'Confirm that it is you',
    boundHeading: 'Confirming that it is you',
    busy: 'Confirming that it is you',
    asked: 'Somebody who is signed in to {brand} was asked for a proof of this mailbox in {device}, {ago}.',
    notMe: 'Not you? Then close this page and pass nothing on. Somebody may be in your account: sign in and end all other sessions.',
  },
  change_email: {
    title: 'Confirm your new address',
    boundHeading: 'Changing your address',
    boundAs: 'to {address}',
    busy: 'Changing your address',
    asked:
      'Somebody who is signed in to {brand} asked in {device}, {ago}, to change the address of their account to the one that this mail went to.',
    notMe: 'Not you? Then close this page and ignore the mail. Without it nothing is changed.',
  },
  new_device: {
    asked: 'Somebody signed in to your account at {brand} in {device}, {ago}.',
  },
  leave_email: {
    title: 'Agree to the change',
    boundHeading: 'Agreeing to the change',
    boundAs: 'which is {address} so far',
    busy: 'Agreeing to the change',
    asked: 'Somebody who is signed in to {brand} asked in {device}, {ago}, to change the address of your account to another one.',
    notMe: 'Not you? Then somebody is in your account: use the other mail, which takes the change back and ends all sessions.',
  },
  begin_recovery: {
    title: 'Begin your way back',
    boundHeading: 'Beginning the wait',
    boundAs: 'for {address}',
    busy: 'Beginning the wait',
    asked:
      'Somebody asked in {device}, {ago}, to get back into an account at {brand} with the address that this mail went to as its new one.',
    notMe: 'Not you? Then close this page and ignore the mail. Without it nothing begins.',
  },
} as const

export const notMe = {
  title: 'This was not me',
  does: {
    sign_in: 'If it was not you, say so: the link and the code of the mail stop working, and whoever signed in with them is signed out.',
    invite: 'If you do not want it, say so: the link of the mail stops working, and whoever signed in with it is signed out.',
    new_device: 'If it was not you, say so: whoever signed in is signed out.',
    step_up: 'If it was not you, say so: nothing of the mail works any more, and everybody who is signed in to your account is signed out.',
    change_email: 'If it was not you, say so: nothing of the mail works any more, and the change is called off unless it is made already.',
    leave_email: 'If it was not you, say so: the change is called off, and everybody who is signed in to your account is signed out.',
    recover: 'If it was not you, say so: nothing of the mail works any more, and the change is called off unless it is made already.',
    recover_backup: 'If it was not you, say so: nothing of the mail works any more, and a way back in that it opened is closed.',
    confirm_backup: 'If it was not you, say so: nothing of the mail works any more.',
    begin_recovery: 'If it was not you, say so: nothing of the mail works any more.',
  },
  quiet:
    'After that no mail to sign in goes to this mailbox for {duration}, unless it is asked for in a browser that has signed in with it before.',
  submit: 'This was not me',
  doneTitle: 'It is ended',
  done: {
    its: 'Nothing of the mail works any more, since {time}, and whoever signed in with it is signed out.',
    all: 'Nothing of the mail works any more, since {time}, and everybody who was signed in to your account is signed out.',
    none: 'Nothing of the mail works any more, since {time}.',
  },
  quietUntil:
    'Until {time} no mail to sign in goes to this mailbox, unless it is asked for in a browser that has signed in with it before.',
  next: 'Did you tell somebody a code, or type it in for them? Does it happen again? Then look after your mailbox as well.',
} as const

export const change = {
  title: 'Change your address',
  lead: 'Your address is {address} so far.',
  what: '{confirm, select, both {We send a code to the new address and one to the old; both have to agree.} other {We send a code to the new address.}} The old one gets a notice with a link that takes the change back for {undoTime}. When the address changes, all other sessions end.',
  email: 'New e-mail address',
  send: 'Send the code',
  sentTitle: { change_email: 'Check the new mailbox', leave_email: 'Check the old mailbox' },
  sent: {
    change_email: 'If {address} can be had here, a mail with a code is on its way there.',
    leave_email: 'A mail with a code is on its way to {address}.',
  },
  otherAgreed: { change_email: 'The new mailbox has agreed.', leave_email: 'The old mailbox has agreed.' },
  submit: { change_email: 'Change my address', leave_email: 'Agree' },
  toOther: { change_email: 'Type the code of the new mailbox', leave_email: 'Type the code of the old mailbox' },
  until: 'Until then nothing is changed, and you go on signing in with the old address.',
} as const

/** More of the account page. */
export const own = {
  change: 'Change the address',
  addressChanged: 'Your address is changed. All other sessions have ended.',
  signIns: 'Recent sign-ins',
  signInsLead: 'Was one of them not you? End all other sessions, and look after your mailbox.',
  by: { link: '{ago}, by link', code: '{ago}, by code' },
  data: 'Your data',
  download: 'Download my data',
  erase: 'Delete my account',
} as const

export const erase = {
  title: 'Delete your account',
  lead: 'This deletes the account of {address}. Nobody can take it back.',
  what: {
    gone: 'Your address, your devices and the places that you signed in from are gone at once, and all sessions end.',
    record: 'The record of what was decided stays for {kept}, without your address, so that nobody can hide what was done.',
    counts: 'Wrong codes and mails that were counted for your mailbox go on counting until their time is over.',
    again: 'With the same address you can begin a new account, which is another one.',
  },
  submit: 'Delete my account for good',
  back: 'Keep my account',
  done: 'Your account is deleted',
  doneLead: 'Your address is gone from here, and all sessions have ended.',
} as const

export const undo = {
  title: 'Take the change back',
  asked: 'Somebody who was signed in to your account at {brand} asked in {device}, {ago}, for another address.',
  applied: 'It was changed.',
  pending: 'It is not changed yet.',
  does: 'If it was not you, take it back: the account has its old address again, everybody who is signed in to it is signed out, and what was mailed to the other address is void.',
  paste: 'The whole link from the mail',
  submit: 'Take the change back',
  fine: 'Was it you? Then close this page. Nothing happens without the button.',
  undoneTitle: 'The change is taken back',
  undone: 'The account has its old address again, since {time}, and all sessions have ended.',
  next: 'Sign in with your address. If it was not you who asked for the change, somebody had your session or your mailbox: look after the mailbox as well.',
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
