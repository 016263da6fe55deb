// The guide's step with the sound device, and this browser.
import "../listen.js";
import "../settings/sound.js";
