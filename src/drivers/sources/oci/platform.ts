/**
 * Platforms in the words of registries (`linux/amd64`, `linux/arm/v7`), and the choice among those an image was built
 * for. Pure; a variant runs on itself and on later ones, so the nearest earlier one is taken when its own is not there.
 */

export interface Platform {
  readonly os: string
  readonly arch: string
  readonly variant?: string
}

const archNames: { readonly [node: string]: string } = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }
const osNames: { readonly [node: string]: string } = { win32: 'windows' }

export const platformPattern = '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$'

/** The platform of a machine, from the words of Node. */
export function platformOf(machine: { readonly os: string; readonly arch: string }): Platform {
  return {
    os: osNames[machine.os] ?? machine.os,
    arch: archNames[machine.arch] ?? machine.arch,
  }
}

export function parsePlatform(text: string): Platform {
  const [os = '', arch = '', variant] = text.split('/')
  return { os, arch, ...(variant === undefined ? {} : { variant }) }
}

export function showPlatform({ os, arch, variant }: Platform): string {
  return variant === undefined ? `${os}/${arch}` : `${os}/${arch}/${variant}`
}

/** The first entry that runs on the wanted platform, best variant first; null when there is none. */
export function choosePlatform<T extends { readonly platform: Platform | null }>(
  wanted: Platform,
  entries: readonly T[],
): T | null {
  const same = entries.filter(({ platform }) => platform?.os === wanted.os && platform.arch === wanted.arch)
  for (const variant of variantsFor(wanted)) {
    const entry = same.find(({ platform }) => platform?.variant === variant)
    if (entry !== undefined) return entry
  }
  return null
}

/** What a platform without a variant stands for, and the earliest there is. */
const usual: { readonly [arch: string]: { readonly variant: number; readonly first: number } } = {
  arm: { variant: 7, first: 5 },
  arm64: { variant: 8, first: 8 },
  amd64: { variant: 1, first: 1 },
}

function variantsFor({ arch, variant }: Platform): readonly (string | undefined)[] {
  const { variant: usualOne, first } = usual[arch] ?? { variant: 0, first: 1 }
  const number = variant === undefined ? usualOne : Number(/^v(\d+)$/.exec(variant)?.[1])
  if (Number.isNaN(number)) return [variant, undefined]
  const earlier = Array.from({ length: Math.max(0, number - first + 1) }, (_, index) => `v${number - index}`)
  return [...earlier, undefined]
}
