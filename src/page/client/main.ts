// The one script of the pages. Every page works without it; with it, fewer taps. It reads what it needs from data attributes, talks
// to nobody (the content security policy allows no connections), and keeps nothing.
import { watchCode } from './code-field.ts'
import { tidyEmail } from './email-field.ts'
import { land } from './landing.ts'
import { localTimes, offerCopies, offerOtherAddress, refreshOnReturn, showProblem } from './page.ts'
import { countDown } from './resend.ts'
import { guardSubmits } from './submit.ts'

guardSubmits()
localTimes()
offerCopies()
offerOtherAddress()
watchCode()
tidyEmail()
countDown()
refreshOnReturn()
land()
showProblem()
