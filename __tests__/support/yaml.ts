import * as yaml from 'yaml'
import { provideYaml } from '../../src/yaml.ts'

// The library's entries do this; tests import its parts.
provideYaml(yaml)
