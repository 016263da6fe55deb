# Sets everything up and runs broker, hive and speech service on Windows. Ctrl-C stops all of it.
#
#   powershell -ExecutionPolicy Bypass -File script\server.ps1
#   powershell -ExecutionPolicy Bypass -File script\server.ps1 --without-speech
#
# It needs Python 3.11 or newer: winget install Python.Python.3.12
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..")
$env:PYTHONUTF8 = "1"
$python = ".venv\Scripts\python.exe"
$stamp = ".venv\.moxie-setup"

if (-not (Test-Path $python)) {
    py -3 -m venv .venv
    if ($LASTEXITCODE -ne 0) { exit 1 }
}

$wanted = (Get-FileHash "locks\*.txt").Hash -join " "
$found = ""
if (Test-Path $stamp) { $found = (Get-Content $stamp -Raw).Trim() }
if ($found -ne $wanted) {
    Write-Host "Installing Python packages, as locked in locks\ (a minute or two the first time)"
    $files = "requirements.txt", "requirements-piper.txt", "requirements-chat.txt", "requirements-audio.txt"
    foreach ($file in $files) {
        & $python -m pip install -q --disable-pip-version-check --no-input --require-hashes -r "locks\$file"
        if ($LASTEXITCODE -ne 0) {
            Write-Host "error: $file is not installed"
            exit 1
        }
    }
    Set-Content $stamp $wanted
}

& $python manage.py prepare --no-account
if ($LASTEXITCODE -ne 0) { exit 1 }
& $python manage.py run_all @args
exit $LASTEXITCODE
