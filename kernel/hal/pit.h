/*
 * Channel 2 of the 8254 interval timer and port 0x61, which has its gate, its output and the speaker (Intel 8254 data
 * sheet; IBM PC/AT Technical Reference, "System Timers" and "Port B"). At boot the channel measures the other clocks
 * (timer.c), from then on it is the speaker's (beep.c).
 */
#pragma once

#define PIT_HZ 1193182                  /* what all its channels count */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_MODE0 0xB0         /* channel 2, low and high byte, interrupt on terminal count */
#define PIT_CHANNEL2_MODE3 0xB6         /* the same, square wave */
#define PIT_LARGEST_COUNT 0xFFFF

#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02
#define PORT_B_OUT2 0x20
