"""The views of the stand-in's Puppet Mode page."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .mqtt.moxie_server import get_instance


@csrf_exempt
def puppet_api(request: HttpRequest, device_id: str) -> JsonResponse:
    """Say something, or stop saying it."""
    given = request.POST
    if given["command"] == "speak":
        get_instance().send_telehealth_speech(
            device_id, given["speech"], given["mood"], float(given["intensity"])
        )
    else:
        get_instance().send_telehealth_interrupt(device_id)
    return JsonResponse({"result": True})
