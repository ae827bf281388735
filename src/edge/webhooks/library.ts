/** The library, by names: a CommonJS package that is imported when it is needed has them under `default` in a bundle. */
export { Webhook } from 'standardwebhooks';
