/**
 * Which of a release's files is meant by a pattern such as `shop_{version}_{os}_{arch}.tar.gz`. Pure.
 *
 * Publishers spell systems and processors in many ways (`linux-x86_64`, `Linux_amd64`), so those two stand for every
 * usual spelling of this machine's, in a fixed order of preference.
 */
import type { GitHubAsset } from './github-releases.js'

/** In the words of Node. */
export interface Platform {
  readonly os: string
  readonly arch: string
}

export interface Named {
  readonly version: string
  readonly tag: string
  readonly platform: Platform
}

const osNames: { readonly [os: string]: readonly string[] } = {
  darwin: ['darwin', 'macos', 'osx', 'mac'],
  win32: ['windows', 'win32', 'win'],
}
const archNames: { readonly [arch: string]: readonly string[] } = {
  x64: ['amd64', 'x86_64', 'x64'],
  arm64: ['arm64', 'aarch64'],
  arm: ['armv7', 'armv7l', 'armhf', 'arm'],
  ia32: ['386', 'i386', 'i686', 'x86'],
  ppc64: ['ppc64le', 'ppc64'],
}

/** The asset that the pattern means, or null. */
export function assetNamed(
  pattern: string,
  named: Named,
  assets: readonly GitHubAsset[],
): GitHubAsset | null {
  for (const wanted of namesOf(pattern, named)) {
    const exact = assets.find(({ name }) => name === wanted)
    if (exact !== undefined) return exact
    if (!namesPlatform(pattern)) continue
    const similar = assets.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
    if (similar !== undefined) return similar
  }
  return null
}

/** The pattern as it was looked for: `shop_1.4.2_linux_(amd64|x86_64|x64).tar.gz`. */
export function describeWanted(pattern: string, named: Named): string {
  const either = (names: readonly string[]) =>
    names.length === 1 ? (names[0] ?? '') : `(${names.join('|')})`
  return filled(pattern, named, either(osNamesOf(named)), either(archNamesOf(named)))
}

/** A pattern to suggest for a file that a person points at. */
export function patternFor(name: string, { version, tag }: Pick<Named, 'version' | 'tag'>): string {
  if (name.includes(version)) return name.replaceAll(version, '{version}')
  return name.replaceAll(tag, '{tag}')
}

function namesOf(pattern: string, named: Named): readonly string[] {
  const names = osNamesOf(named).flatMap((os) =>
    archNamesOf(named).map((arch) => filled(pattern, named, os, arch)),
  )
  return [...new Set(names)]
}

function filled(pattern: string, { version, tag }: Named, os: string, arch: string): string {
  const values: { readonly [name: string]: string } = { version, tag, os, arch }
  return pattern.replace(/\{(version|tag|os|arch)\}/g, (written, name: string) => values[name] ?? written)
}

function namesPlatform(pattern: string): boolean {
  return /\{(os|arch)\}/.test(pattern)
}

function osNamesOf({ platform }: Named): readonly string[] {
  return osNames[platform.os] ?? [platform.os]
}

function archNamesOf({ platform }: Named): readonly string[] {
  return archNames[platform.arch] ?? [platform.arch]
}
