@echo off
rem Boots Astra from its disk image on Windows, with the serial line in this window.
rem usage: run-qemu.bat [IMAGE]   (build\astra.img, or astra.img beside this file, if not given)
setlocal
set "IMAGE=%~1"
if not defined IMAGE if exist "%~dp0build\astra.img" set "IMAGE=%~dp0build\astra.img"
if not defined IMAGE if exist "%~dp0astra.img" set "IMAGE=%~dp0astra.img"
if not defined IMAGE (
    echo run-qemu: there is no astra.img: make one with "make image" on Linux or WSL, or name it.
    exit /b 1
)
set "QEMU=qemu-system-x86_64.exe"
where /q "%QEMU%" || set "QEMU=%ProgramFiles%\qemu\qemu-system-x86_64.exe"
"%QEMU%" -drive "format=raw,file=%IMAGE%" -serial mon:stdio -no-reboot -m 256M
