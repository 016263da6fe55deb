// The page of voices and sound.
import "../listen.js";
import "./pronunciations.js";
import "./sound.js";
import "./voices.js";
