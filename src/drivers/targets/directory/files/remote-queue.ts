/**
 * What one operation on a host has in hand: changes that wait, what has been seen, and the round trips that make the one
 * and find out the other. Both halves of remote-files.ts, looking and changing, stand on it.
 */
import { DeployError } from '../../../../base/deploy-error.js'
import type { HostLink } from '../../../../model/host.js'
import type { Layout } from '../layout.js'
import type { Foresight } from './host-files.js'
import { noAnswers, type Answers } from './look-answer.js'
import { Mirror } from './mirror.js'
import type { PlacedTree } from './placed-tree.js'
import type { ReleasePreparer } from './prepare-release.js'
import { travel, type Call, type Change } from './remote-trip.js'
import { sendArchive } from './send-archive.js'

export interface RemoteGround {
  readonly link: HostLink
  readonly layout: Layout
  readonly prepare: ReleasePreparer
  readonly signal: AbortSignal
  /** The claim file under which changes are made; null while there is none. */
  readonly claim: () => string | null
  /** What an earlier operation of the same deployment has seen. */
  readonly seen: Seen | null
  readonly doing: string
}

/** What is known of a place. */
export interface Seen {
  readonly mirror: Mirror
  readonly answers: Answers
}

export class RemoteQueue {
  readonly ground: RemoteGround
  mirror: Mirror
  answers: Answers
  /** A release that has been unpacked and is not in its place yet. */
  placed: PlacedTree | null = null
  onSent: ((bytes: number) => void) | undefined
  #isSurveyed: boolean
  #isGivenBack = false // the claim went with an earlier trip
  #changes: Change[] = []
  #looks: Call[] = []
  #paths = new Set<string>()

  constructor(ground: RemoteGround) {
    const { seen } = ground
    this.ground = ground
    this.mirror = seen?.mirror ?? new Mirror()
    this.answers = { ...noAnswers(), ...(seen === null ? {} : { rooms: seen.answers.rooms }) }
    this.#isSurveyed = seen !== null
  }

  foresee({ paths = [], compare, fitness }: Foresight): void {
    for (const path of paths) this.#paths.add(path)
    if (compare !== undefined && this.known(() => this.mirror.kindOf(compare.folder)) !== 'nothing')
      this.#looks.push(['d_compare', compare.folder, compare.manifest, compare.seen])
    if (fitness === true) this.#looks.push(['d_fitness', this.ground.layout.root])
  }

  forget(): void {
    this.mirror = new Mirror()
    this.answers = { ...noAnswers(), rooms: this.answers.rooms } // of a disk nobody knows more than roughly, ever
    this.#isSurveyed = false
  }

  /** Waits for its trip; whoever asked for it does not. */
  change(doing: string, path: string, call: Call, more: Partial<Change> = {}): Promise<void> {
    this.#changes.push({ call, doing, path, ...more })
    return Promise.resolve()
  }

  async settle(): Promise<void> {
    if (this.#changes.length > 0) await this.go()
  }

  /** What is known already; nothing is while nobody has looked. */
  known<T>(ask: () => T | undefined): T | undefined {
    return this.#isSurveyed ? ask() : undefined
  }

  /** What is known, or becomes known by looking. */
  async know<T>(ask: () => T | undefined, look: Call): Promise<T> {
    const known = this.known(ask)
    if (known !== undefined) return known
    if (!this.#isSurveyed) await this.go()
    const now = ask()
    if (now !== undefined) return now
    await this.go(look)
    const seen = ask()
    if (seen !== undefined) return seen
    const { link } = this.ground
    throw new DeployError(
      'PERMISSION_DENIED',
      `On ${link.host.name}, ${look[1] ?? ''} cannot be looked at.`,
      {
        hint: 'Check who may read it, and the folders above it.',
      },
    )
  }

  /** One round trip: makes what is waiting, then looks. */
  async go(...asked: readonly Call[]): Promise<void> {
    const { link, layout, signal, doing } = this.ground
    const { mirror, answers } = this
    const unknown = [...this.#paths].filter((path) => mirror.kindOf(path) === undefined)
    const looks: readonly Call[] = [
      ...(this.#isSurveyed ? [] : [['d_survey', layout.root] as const]),
      ...(unknown.length === 0 ? [] : [['d_see', ...unknown] as const]),
      ...this.#looks,
      ...asked,
    ]
    const changes = this.#changes
    const claim = this.#isGivenBack ? null : this.ground.claim()
    this.#isGivenBack ||= claim !== null && changes.some(({ path }) => path === claim)
    this.#changes = []
    this.#looks = []
    this.#paths = new Set()
    const trip = {
      ...{ changes, looks, claim, doing },
      ...(this.onSent === undefined ? {} : { onSent: this.onSent }),
    }
    await sendArchive(link, trip, signal, (one) => travel(link, one, mirror, answers, signal))
    this.#isSurveyed = true
  }

  /** The path inside the release that is being placed; null for any other. */
  placedPath(path: string): { readonly tree: PlacedTree; readonly inside: string } | null {
    const inside = this.placed?.pathOf(path) ?? null
    return this.placed === null || inside === null ? null : { tree: this.placed, inside }
  }
}
