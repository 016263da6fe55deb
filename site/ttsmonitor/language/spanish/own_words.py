"""Words and letters by which a short text is known to be Spanish."""

OWN_WORDS = (
    "hola adiós chao sí gracias perdón bueno buena buenos buenas vale claro listo lista el"
    " la los las un una unos unas del al de que y o es son está están estoy soy eres era fue"
    " hay tengo tienes tiene quiero quieres puedo puedes puede voy vas va vamos ven dime"
    " mira oye espera yo tú él ella nosotros ustedes mi mis tu tus su sus me te se le lo nos"
    " les este esta esto ese esa eso aquí ahí allí qué quién cómo cuándo dónde por para con"
    " sin en como pero porque si también muy más menos bien mal ya hoy mañana ahora luego"
    " después siempre nunca nada todo todos todas otra otro vez amigo amiga papá mamá te"
    " toca empate correcto incorrecto juega jugar canta baila duerme come respira silencio"
    " perfecto excelente fin"
)

OWN_LETTERS = "¿¡ñáéíóú"
