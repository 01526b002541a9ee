/** Whether a moment lies in one of the windows in which releases may be deployed. Pure: the moment is an argument. */
import { weekdays, type DeployWindow, type Weekday } from '../../model/agent.js'

const minutesOfDay = 1440

/** No window at all means always. */
export function isOpen(windows: readonly DeployWindow[], now: Date): boolean {
  return windows.length === 0 || windows.some((window) => contains(window, now))
}

function contains({ days, fromMinute, toMinute, timeZone }: DeployWindow, now: Date): boolean {
  const { day, minute } = localTime(now, timeZone)
  if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute
  // over midnight: the evening of its own day, or the morning of the next
  return (days.includes(day) && minute >= fromMinute) || (days.includes(dayBefore(day)) && minute < toMinute)
}

function dayBefore(day: Weekday): Weekday {
  return weekdays[(weekdays.indexOf(day) + 6) % 7] ?? day
}

/** Made once for each zone: that is what costs. */
const clocks = new Map<string, Intl.DateTimeFormat>()

function localTime(now: Date, timeZone: string): { readonly day: Weekday; readonly minute: number } {
  const made =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  clocks.set(timeZone, made)
  const parts = Object.fromEntries(made.formatToParts(now).map(({ type, value }) => [type, value]))
  const name = parts['weekday']?.toLowerCase()
  const day = weekdays.find((one) => one === name)
  if (day === undefined)
    throw new Error(`the weekday of ${now.toISOString()} in ${timeZone} is "${name ?? ''}"`)
  return { day, minute: (Number(parts['hour']) * 60 + Number(parts['minute'])) % minutesOfDay }
}

/** `mon tue 09:00–16:30 Europe/Berlin, sat 00:00–24:00 UTC`. */
export function describeWindows(windows: readonly DeployWindow[]): string {
  return windows
    .map(({ days, fromMinute, toMinute, timeZone }) => {
      const when = days.length === weekdays.length ? 'every day' : days.join(' ')
      return `${when} ${clockTime(fromMinute)}–${clockTime(toMinute)} ${timeZone}`
    })
    .join(', ')
}

function clockTime(minutes: number): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
