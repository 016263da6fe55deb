// The guide's step with the voices.
import "../settings/voices.js";
import "./guide.js";
