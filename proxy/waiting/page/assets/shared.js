const fill = (pattern, values) => pattern.replace(/\{(\w)\}/g, (_, key) => values[key]);
const number = n => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
const two = n => (n < 10 ? '0' : '') + n;

// Some browsers read only three digits of a second.
const instant = text => text ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : 0;
// What is left of so many milliseconds, rounded up to the second.
function span(ms, days) {
  const seconds = Math.max(Math.ceil(ms / 1000), 0);
  const short = two(Math.floor(seconds / 60) % 60) + ':' + two(seconds % 60);
  if (seconds < 3600) return short;
  const long = two(Math.floor(seconds / 3600) % 24) + ':' + short;
  return seconds < 86400 ? long : fill(days, {a: number(Math.floor(seconds / 86400)), b: long});
}

const remember = chosen => {
  document.cookie = 'waitroom-language=' + chosen + '; Path=/; Max-Age=31536000; SameSite=Lax' +
    (location.protocol === 'https:' ? '; Secure' : '');
};
