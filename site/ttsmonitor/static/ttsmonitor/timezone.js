// Tells the server which time zone the visitor is in, for the times that it writes into pages.
"use strict";
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const yearSeconds = 365 * 24 * 3600;
  if (zone) document.cookie = `moxie_timezone=${zone}; path=/; max-age=${yearSeconds}; samesite=lax`;
}
