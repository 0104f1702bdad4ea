/** What npm's output says went wrong, and what to do about it. The first that fits. */
const CAUSES = [
  {
    signs: /\bENOSPC\b|no space left/i,
    advice: 'The disk is full. The dependencies need about 700 MB; make room and run the command again.',
  },
  {
    signs: /\b(EACCES|EPERM|EROFS)\b/,
    advice:
      'A file could not be written. Check that you own this folder and everything in node_modules ' +
      '(a run as root may have left files behind), then run the command again.',
  },
  {
    signs: /\b(E401|E403|E407|E405|ENEEDAUTH)\b/,
    advice:
      'The package registry refused the download. See which one npm uses with "npm config get registry", and ' +
      'whether it needs a login or a proxy ("npm config get https-proxy").',
  },
  {
    signs: /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)|CERT_/,
    advice:
      'The connection is intercepted by a certificate that Node does not trust. Set NODE_EXTRA_CA_CERTS to the ' +
      'certificate file of your network and run the command again.',
  },
  {
    signs:
      /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/,
    advice:
      'The package registry cannot be reached: this machine is offline, or a firewall or proxy is in between. ' +
      'The first start needs the network once; afterwards Signalbox runs without it.',
  },
  {
    signs: /\b(E404|ETARGET|notarget)\b/,
    advice:
      'The package registry does not have one of the versions in package-lock.json. If npm uses a mirror ' +
      '("npm config get registry"), it may be behind.',
  },
  {
    signs: /\bEINTEGRITY\b/,
    advice:
      'A download was damaged or is not what package-lock.json names. Run "npm cache clean --force" and try again.',
  },
  {
    signs: /\bEUSAGE\b|in sync/,
    advice:
      'package.json and package-lock.json do not fit together. Run "npm install" and commit the lock file.',
  },
  {
    signs: /spawn npm ENOENT|npm: not found/,
    advice: 'npm was not found. It comes with Node; on Debian and Ubuntu it is the package "npm".',
  },
];

/** @param {string} output */
export function adviceFor(output) {
  const cause = CAUSES.find(({ signs }) => signs.test(output));
  return cause ? cause.advice : 'Run "npm ci" to see it in full, then run the command again.';
}
