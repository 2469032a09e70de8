import time, os
from tests.faults.walk import *
def go(rig, j, points, faults):
    t=time.time(); n=0
    for c in points:
        for w,when in faults:
            case=inject(rig,j,Fault(w, when, c.at, delay=0.004)); n+=1
            if not case.is_good or case.hands: print("BAD" if not case.is_good else "hand", case)
    print(j.name, n, "%.2f s each"%((time.time()-t)/max(1,n)), flush=True)
def test_try(rig):
    for j in JOURNEYS:
        go(rig, j, list(rig.survey(j).turning_points())[::12], [(What.KILL_CLIENT, When.AFTER), (What.CUT, When.BEFORE)])
        go(rig, j, list(rig.survey(j).ddl())[2::8], [(What.KILL_CLIENT, When.HELD), (What.CUT, When.HELD), (What.KILL_CLIENT, When.DURING), (What.CUT, When.DURING)])
def test_mortal(mortal_rig):
    rig=mortal_rig
    for j in JOURNEYS:
        go(rig, j, list(rig.survey(j).ddl())[2::8], [(What.KILL_SERVER, When.BEFORE), (What.KILL_SERVER, When.AFTER), (What.KILL_SERVER, When.DURING)])
