/** NetworkPolicies: which pods they are for, and whose ports they name. */
import type { ParsedNode } from 'yaml'
import { findValue, listItems } from '../edit/yaml-nodes.ts'
import { type KubernetesObject, readPairs, selects } from './manifests.ts'

type Labels = ReadonlyMap<string, string>

/** One list of ports in a policy, and the pods that have them. */
export interface PolicyPorts {
  ports: readonly ParsedNode[]
  /** Whether all pods meant have these labels, some may, or none. */
  means(labels: Labels): 'only' | 'also' | 'no'
}

/** The rules of a policy: those for incoming traffic name ports of its own pods, the others those of their peers. */
export function policyPorts({ kind, node, document }: KubernetesObject): PolicyPorts[] {
  if (kind !== 'NetworkPolicy') return []
  const get = (from: unknown, key: string) => findValue(from, key, document)
  const spec = get(node, 'spec')
  const labelsOf = (selector: unknown) => readPairs(get(selector, 'matchLabels'), document)
  const meansOf = (selector: unknown) => (labels: Labels) => {
    const wanted = labelsOf(selector)
    const hasExpressions = listItems(get(selector, 'matchExpressions')).length > 0
    if (wanted.size === 0) return 'also' as const
    return selects(wanted, labels) ? (hasExpressions ? ('also' as const) : ('only' as const)) : ('no' as const)
  }
  const rules = (key: string) => listItems(get(spec, key))
  return [
    ...rules('ingress').map((rule) => ({
      ports: listItems(get(rule, 'ports')),
      means: meansOf(get(spec, 'podSelector'))
    })),
    ...rules('egress').map((rule) => {
      const peers = listItems(get(rule, 'to'))
      const selectors = peers.map((peer) => get(peer, 'podSelector'))
      return {
        ports: listItems(get(rule, 'ports')),
        means(labels: Labels) {
          const answers = selectors.map((selector) => (selector === undefined ? 'no' : meansOf(selector)(labels)))
          // Peers that are addresses or namespaces may be anybody, but are not said to be these pods.
          if (!answers.includes('only')) return 'no'
          return answers.every((answer) => answer === 'only') ? 'only' : 'also'
        }
      }
    })
  ]
}

/** Whether a policy names ports of pods with these labels. */
export const isPolicyFor = (object: KubernetesObject, labels: Labels): boolean =>
  policyPorts(object).some(({ means }) => means(labels) !== 'no')
