// Starts of the built-in devices, called once by device_init in this order.
#pragma once

void memory_nodes_init(void);   // drivers/mem.c: null zero full random urandom
void kmsg_node_init(void);      // drivers/kmsg.c
void terminal_nodes_init(void); // drivers/tty_nodes.c: tty console
void serial_init(void);         // drivers/serial.c: COM1 as ttyS0
void pci_scan(void);            // pci.c: what is on the buses, to drivers that are registered
void keyboard_init(void);       // drivers/keyboard.c: after the screen
